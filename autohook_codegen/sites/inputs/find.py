"""All ways in of a program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.sites.candidate import Candidate, LeftAlone
from autohook_codegen.sites.inputs.carried import Carried
from autohook_codegen.sites.inputs.module_inputs import module_inputs
from autohook_codegen.sites.inputs.parameter_inputs import parameter_inputs
from autohook_codegen.sites.inputs.root_inputs import root_inputs
from autohook_codegen.sites.written import Written

__all__ = ["Inputs"]


class Inputs:
    """Finds what goes into modules, parameters' operations and roots, function by function."""

    def __init__(self, flow: Flow, roots: Sequence[ClassDecl], entries: Sequence[str]) -> None:
        self.carried = Carried(flow)
        names = ("forward", "__call__", *entries)
        methods = (root.method(name) for root in roots for name in names)
        self.entries = frozenset(method[1] for method in methods if method is not None)

    def of(self, written: Written, found: Sequence[Candidate | LeftAlone]) -> Iterator[Candidate]:
        """Yield the sites of one function; `found` are its modules' and parameters'."""
        function: FunctionTrace = written.trace
        if function.node in self.entries:
            yield from root_inputs(function, self.carried)
        yield from module_inputs(written, self.carried)
        uses = [one for one in found if isinstance(one, Candidate)]
        yield from parameter_inputs(uses, written, self.carried)
