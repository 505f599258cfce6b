"""After what a value without a role is called: the nearest module or role that it comes from."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from autohook_codegen.analysis.call_arguments import Part, arguments_in, path_to
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.values import Attribute
from autohook_codegen.sites.candidate import After, Candidate, First, LeftAlone, Wrap
from autohook_codegen.sites.references import held_by

__all__ = ["Nearest"]


class Nearest:
    """Knows the roles and parameters of a program by the places of their values."""

    def __init__(self, flow: Flow, sites: Iterable[Candidate | LeftAlone]) -> None:
        self.flow = flow
        self.names: dict[tuple[ast.AST, Part], str] = {}
        for one in sites:
            if isinstance(one, Candidate) and one.kind != "module call":
                name = "_".join(one.reference.names)
                for place in (*_places(one), *((node, ()) for node in one.takes)):
                    self.names.setdefault(place, name)

    def name(self, start: Point) -> str | None:
        """Return ``bn1`` for a value that comes from ``self.bn1(x)``, over whatever steps that have
        neither module nor role."""
        seen = {start}
        level = [start]
        while level:
            following: list[Point] = []
            for point in level:
                way = self.flow.way(point)
                name = self.names.get((point.node, point.part)) or _module_name(way)
                if name is not None:
                    return name
                following += [one for one in (way.inner or way.sources) if one not in seen]
                seen.update(following)
            level = following
        return None


def _places(site: Candidate) -> list[tuple[ast.AST, Part]]:
    """Return where the value of a site is made: a node, and which part of what that gives."""
    match site.form:
        case Wrap(node):
            return [(node, ())]
        case After(statement, target):
            targets = statement.targets if isinstance(statement, ast.Assign) else []
            part = next((path for one in targets if (path := path_to(one, target))), ())
            return [(statement, ()), (getattr(statement, "value", statement), part)]
        case First(block, target) if isinstance(block, ast.FunctionDef | ast.AsyncFunctionDef):
            return [(one, ()) for one in arguments_in(block) if one.arg == target.id]
    return []


def _module_name(way: Way) -> str | None:
    held = held_by(way.modules)
    names = [step.name for step in held.steps if isinstance(step, Attribute)] if held else []
    return "_".join(names) or None
