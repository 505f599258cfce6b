"""What is known about the input once every site is decided: the list that all else reads."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from autohook_codegen.declares.files import ClassDecl, FileDecl
from autohook_codegen.declares.program import Program
from autohook_codegen.notes import Message
from autohook_codegen.options import Options
from autohook_codegen.sites.candidate import Candidate
from autohook_codegen.sites.edits import Edits
from autohook_codegen.sites.full_names import FullNames
from autohook_codegen.sites.hook_points import HookPoint

__all__ = ["Decided", "DecidedSite", "Remark"]


@dataclass(frozen=True, slots=True, eq=False)
class DecidedSite:
    """A candidate with its hook point."""

    candidate: Candidate
    hook_point: HookPoint


@dataclass(frozen=True, slots=True, eq=False)
class Remark:
    """Something about a place that the user has to know."""

    file: FileDecl
    node: ast.expr | ast.stmt
    message: Message
    is_hooked_at_run_time: bool = False
    """Whether a root that ``auto_hook`` completes holds the class that it is about."""


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Every site of the input, and what each file gains."""

    program: Program
    options: Options
    edits: Mapping[str, Edits]
    full_names: FullNames
    sites: tuple[DecidedSite, ...] = ()
    same_sites: tuple[DecidedSite, ...] = ()
    """The ways in that are other sites already, with the hook points of those."""
    remarks: tuple[Remark, ...] = ()
    roots: tuple[ClassDecl, ...] = ()
