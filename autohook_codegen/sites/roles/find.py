"""All roles of a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.roles.attention_sites import attention_sites
from autohook_codegen.sites.roles.called_attention import interface_calls
from autohook_codegen.sites.roles.perceptrons import perceptron_sites
from autohook_codegen.sites.roles.places import Places

__all__ = ["Roles"]


class Roles:
    """Finds the values that have a role, function by function."""

    def __init__(self, flow: Flow, functions: Iterable[FunctionTrace]) -> None:
        self.flow = flow
        self.places = Places(flow)
        for function in functions:
            for called in interface_calls(flow, function):
                if called.eager is not None:
                    self.places.hand(called.eager, function)

    def of(self, function: FunctionTrace) -> Iterator[Candidate]:
        yield from attention_sites(self.places, function)
        yield from perceptron_sites(self.places, function)
