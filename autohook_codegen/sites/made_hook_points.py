"""The statements that make the hook points of the sites, each at its place."""

from __future__ import annotations

import ast

from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.program import ClassDecl, FunctionNode
from autohook_codegen.sites.candidate import LeftAlone
from autohook_codegen.sites.computed_names import display_name, hook_point_name, name_shape
from autohook_codegen.sites.decided import Decided
from autohook_codegen.sites.hook_points import HookPointNames, PlannedHookPoint
from autohook_codegen.sites.making import growth_statement, making_statement
from autohook_codegen.sites.placement import Placement, place

__all__ = ["MadeHookPoints"]


class MadeHookPoints:
    """Adds the making statements to the edits of a `Decided`."""

    def __init__(self, decided: Decided, names: HookPointNames) -> None:
        self.decided = decided
        self.names = names
        self.inference = decided.inference
        self.ends: dict[ClassDecl, list[str]] = {}
        """What the ``__init__`` of a class makes at its end."""
        self._lines: dict[tuple[str, ast.stmt], list[tuple[tuple[int, int], str]]] = {}

    def make(self) -> None:
        """Make every hook point that a site needs, and those of members that come later."""
        order: dict[PlannedHookPoint, int] = {}
        for index, planned in enumerate(self.names.planned.values()):
            order[planned] = index
            if planned.sites:
                self._make_one(planned, index)
        for (path, statement), lines in self._lines.items():
            texts = list(dict.fromkeys(text for _, text in sorted(lines)))
            known = self.decided.edits[path].after.setdefault(statement, [])
            known += texts
        self._grow()

    def _make_one(self, planned: PlannedHookPoint, order: int) -> None:
        if planned.reference.computed is not None:
            self._make_computed(planned, order)
            return
        attribute = planned.attribute
        assert attribute is not None
        placement = Placement()
        for owner in planned.owners:
            place(attribute, owner, self.inference, placement, planned.is_container)
        for statement in placement.after:
            owner, function = self._where(statement, attribute, planned)
            if self._is_made(owner, planned.name):
                continue
            line = self._statement(planned, owner, function)
            if line is not None:
                rank = _rank(planned, statement, order, self.inference)
                self._lines.setdefault((owner.file.path, statement), []).append((rank, line))
        for decl in placement.ends:
            if not self._is_made(decl, planned.name):
                line = self._statement(planned, decl, decl.initialiser)
                if line is not None:
                    self.ends.setdefault(decl, []).append(line)

    def _where(
        self, statement: ast.stmt, attribute: str, planned: PlannedHookPoint
    ) -> tuple[ClassDecl, FunctionNode]:
        for owner in planned.owners:
            for one in (*owner.mro, *owner.descendants()):
                for function in one.methods.values():
                    if (
                        function.lineno <= statement.lineno <= (function.end_lineno or 0)
                        and statement in self.inference.scope(function, one, one.file).parents
                    ):
                        return one, function
        raise AssertionError(attribute)

    def _statement(
        self, planned: PlannedHookPoint, owner: ClassDecl, function: FunctionNode | None
    ) -> str | None:
        arguments = (
            [*function.args.posonlyargs, *function.args.args] if function is not None else []
        )
        receiver = arguments[0].arg if arguments else "self"
        return making_statement(
            planned, receiver, self._spelling(owner, "HookPoint"), owner.file, self.inference
        )

    def _spelling(self, owner: ClassDecl, name: str) -> str:
        return self.decided.spellings.of(owner.file, name)

    def _is_made(self, decl: ClassDecl, name: str) -> bool:
        existing = self.decided.existing.get(decl.file.path)
        if existing is None:
            return False
        return any(name in existing.made.get(one.node, ()) for one in decl.mro)

    def _make_computed(self, planned: PlannedHookPoint, order: int) -> None:
        computed = planned.reference.computed
        assert computed is not None
        for owner in planned.reference.owner.mro:
            for dynamic in self.inference.members(owner).dynamic:
                if name_shape(dynamic.name) != computed.shape:
                    continue
                receiver = [*dynamic.method.args.posonlyargs, *dynamic.method.args.args][0].arg
                name = hook_point_name(dynamic.name, self.decided.options)
                if isinstance(dynamic.name, ast.JoinedStr):
                    known = self.decided.options.hook_point(display_name(dynamic.name))
                else:
                    known = ast.unparse(ast.parse(name))
                if self._is_made(owner, known):
                    continue
                line = f"setattr({receiver}, {name}, {self._spelling(owner, 'HookPoint')}())"
                making = self._lines.setdefault((owner.file.path, dynamic.statement), [])
                making.append(((0, order), line))

    def _grow(self) -> None:
        """Statements outside ``__init__`` that add a member add its hook point."""
        for planned in self.names.planned.values():
            if not planned.is_container or planned.attribute is None or not planned.sites:
                continue
            for owner in planned.owners:
                for one in (*owner.mro, *owner.descendants()):
                    self._grow_in(one, planned)

    def _grow_in(self, decl: ClassDecl, planned: PlannedHookPoint) -> None:
        assert planned.attribute is not None
        members = self.inference.members(decl)
        for growth in members.growths.get(planned.attribute, ()):
            defined = any(
                one.method is growth.method
                for one in members.definitions.get(planned.attribute, ())
            )
            edits = self.decided.edits[decl.file.path]
            if defined:
                continue
            line = growth_statement(growth, planned, self._spelling(decl, "HookPoint"))
            existing = self.decided.existing.get(decl.file.path)
            if line is None:
                scope = self.inference.scope(growth.method, decl, decl.file)
                self.decided.left_alone.append(
                    LeftAlone(
                        growth.statement,
                        "container-grows",
                        f"{planned.attribute} grows here without hook points",
                        scope,
                        f"{decl.name}.{planned.attribute}",
                    )
                )
            elif existing is None or planned.name not in existing.made.get(decl.node, ()):
                if line not in edits.after.setdefault(growth.statement, []):
                    edits.after[growth.statement].append(line)


def _rank(
    planned: PlannedHookPoint, statement: ast.stmt, order: int, inference: Inference
) -> tuple[int, int]:
    """The order of what one statement makes: of its targets, of a container's members as they are
    declared, and else of the sites."""
    names = planned.reference.names
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    place = next(
        (
            (node.lineno, node.col_offset)
            for target in targets
            for node in ast.walk(target)
            if isinstance(node, ast.Attribute) and node.attr == names[0]
        ),
        (0, 0),
    )
    if len(names) == 2:
        value = inference.attribute(planned.reference.owner, names[0])
        declared = [name for name, _ in (value.entries or ())] if value is not None else []
        if names[1] in declared:
            return place[0] * 10_000 + place[1], declared.index(names[1])
    return place[0] * 10_000 + place[1], order
