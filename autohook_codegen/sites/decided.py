"""What is known about the input once every site is decided: the list that all else reads."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.program import ClassDecl, FileDecl, Program
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.candidate import Candidate, LeftAlone
from autohook_codegen.sites.edits import Edits
from autohook_codegen.sites.hook_points import PlannedHookPoint
from autohook_codegen.sites.imports import Spellings

__all__ = ["Decided", "DecidedSite"]


@dataclass(frozen=True, slots=True, eq=False)
class DecidedSite:
    """A candidate with its hook point."""

    candidate: Candidate
    planned: PlannedHookPoint
    exists: bool
    """The source had it already."""


@dataclass
class Decided:
    """Everything that is known about the input once every site is decided."""

    program: Program
    inference: Inference
    options: Options
    existing: Mapping[str, Existing]
    spellings: Spellings
    edits: dict[str, Edits] = field(default_factory=dict)
    sites: list[DecidedSite] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    in_place: dict[FileDecl, list[ast.AST]] = field(default_factory=dict)
    own_children: dict[ClassDecl, str] = field(default_factory=dict)
