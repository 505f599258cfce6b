"""From what the files declare to what each of them gains: the one place where sites are decided."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from autohook_codegen.declares import torch_library as torch_facts
from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.methods import ReachedMethods
from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode, Program
from autohook_codegen.declares.results import Results
from autohook_codegen.declares.scope import Scope
from autohook_codegen.existing import Existing
from autohook_codegen.options import Options
from autohook_codegen.sites.candidate import After, Candidate, LeftAlone, Wrap
from autohook_codegen.sites.computed_names import display_name, hook_point_name, name_shape
from autohook_codegen.sites.edits import Edits, WrapEdit
from autohook_codegen.sites.filters import check_names, is_wanted
from autohook_codegen.sites.handed_modules import handed_modules
from autohook_codegen.sites.hook_points import HookPointNames, PlannedHookPoint
from autohook_codegen.sites.imports import Spellings, add_imports
from autohook_codegen.sites.in_place import changes_in_place, makes_in_place_modules
from autohook_codegen.sites.loops import LoopIndexes
from autohook_codegen.sites.making import growth_statement, making_statement
from autohook_codegen.sites.module_calls import module_calls
from autohook_codegen.sites.own_children import classes_with_own_children
from autohook_codegen.sites.parameter_uses import parameter_uses
from autohook_codegen.sites.placement import Placement, initialisers, place
from autohook_codegen.sites.reference import Item, LoopStep, Reference, References
from autohook_codegen.sites.root_ends import end_roots

__all__ = ["Decided", "DecidedSite", "decide"]


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

    def file_of(self, scope: Scope) -> FileDecl:
        return scope.file


def decide(program: Program, existing: Mapping[str, Existing], options: Options) -> Decided:
    """Decide every site of the input.

    Raises:
        OptionsError: a root or an ``--only`` pattern names nothing in the input.
    """
    decider = _Decider(program, existing, options)
    decider.run()
    return decider.decided


class _Decider:
    def __init__(
        self, program: Program, existing: Mapping[str, Existing], options: Options
    ) -> None:
        self.program = program
        self.options = options
        self.existing = existing
        self.inference = Inference(program)
        self.results = Results(self.inference)
        self.names = HookPointNames(self.inference, options)
        self.decided = Decided(program, self.inference, options, existing, Spellings(existing))
        self.decided.edits = {path: Edits() for path in program.files}
        self._initialisers: dict[ClassDecl, dict[FunctionNode, ClassDecl]] = {}
        self._making: dict[tuple[str, ast.stmt], list[tuple[tuple[int, int], str]]] = {}
        self._ends: dict[ClassDecl, list[str]] = {}

    def run(self) -> None:
        if not any(decl.is_module for decl in self.program.classes):
            return
        reached = ReachedMethods(self.program, self.inference, self.options.entry)
        self.decided.own_children = classes_with_own_children(self.program, self.inference)
        per_scope = self._candidates(reached)
        check_names(
            self.program,
            [one for _, found in per_scope for one in found if isinstance(one, Candidate)],
            self.options,
        )
        for scope, found in per_scope:
            self._scope(scope, found)
        self._make()
        self._grow()
        for function, owner in reached.owners.items():
            changed = list(changes_in_place(self.inference.scope(function, owner, owner.file)))
            self.decided.in_place.setdefault(owner.file, []).extend(changed)
        for file in self.program.files.values():
            made = makes_in_place_modules(file.tree)
            if made is not None:
                self.decided.in_place.setdefault(file, []).append(made)
        end_roots(self.decided, self._ends)
        add_imports(self.program, self.decided.edits, self.decided.spellings)

    # -- which sites -------------------------------------------------------------------------------

    def _candidates(
        self, reached: ReachedMethods
    ) -> list[tuple[Scope, list[Candidate | LeftAlone]]]:
        per_scope: list[tuple[Scope, list[Candidate | LeftAlone]]] = []
        for function, owner in sorted(
            reached.owners.items(), key=lambda one: (one[1].file.path, one[0].lineno)
        ):
            scope = self.inference.scope(function, owner, owner.file)
            if scope.receiver is None:
                continue
            references = References(scope, self.inference, scope.receiver, (owner,))
            per_scope.append((scope, self._of_scope(scope, references)))
        for handed in handed_modules(self.program, self.inference, reached):
            if handed.owner is not None and handed.owner.is_module:
                continue
            scope = self.inference.scope(handed.function, handed.owner, handed.file)
            references = References(scope, self.inference, handed.argument, handed.classes)
            per_scope.append((scope, self._of_scope(scope, references)))
        return per_scope

    def _of_scope(self, scope: Scope, references: References) -> list[Candidate | LeftAlone]:
        found: list[Candidate | LeftAlone] = list(module_calls(scope, references, self.results))
        found += parameter_uses(scope, references)
        if any(isinstance(node, ast.JoinedStr) for node in scope.nodes):
            found = [_outside_strings(one) for one in found]
        return sorted(found, key=lambda one: scope.position(one.node))

    def _scope(self, scope: Scope, found: list[Candidate | LeftAlone]) -> None:
        existing = self.existing.get(scope.file.path)
        loops = LoopIndexes(
            scope,
            existing.enumerated if existing else {},
            existing.zipped if existing else {},
        )
        # Inner expressions first, as they run: hook points are made in the order in which they fire.
        for one in sorted(
            found,
            key=lambda one: (scope.position(scope.statement(one.node)), -_depth(one.node, scope)),
        ):
            if isinstance(one, LeftAlone):
                if one.reference is None or self._is_wanted(one, one.reference):
                    self.decided.left_alone.append(one)
            elif is_wanted(one, self.options):
                self._site(one, scope, loops, existing)
        edits = self.decided.edits[scope.file.path]
        for loop, edit in loops.edits.items():
            edits.loops[loop] = edit

    def _site(
        self, candidate: Candidate, scope: Scope, loops: LoopIndexes, existing: Existing | None
    ) -> None:
        barred = next((one for one in candidate.reference.owners if self._is_barred(one)), None)
        if barred is not None:
            self._leave(
                candidate,
                "own-children",
                f"{barred.name} gets no hook points in the source: {self._why(barred)}",
                barred.name,
            )
            return
        stands = _standing(candidate, existing)
        name = _attribute_of(stands) if stands else None
        plans = [self.names.of(candidate, home, name) for home in self._homes(candidate)]
        planned = plans[0]
        if any(one.name != planned.name for one in plans):
            message = (
                "the module may be of several classes, where the hook point has different names"
            )
            self._leave(candidate, "several-classes", message)
            return
        text = self._hook_text(candidate, planned, loops)
        if text is None:
            self._leave(
                candidate, "no-index", "the loop has no form that says which member this is"
            )
            return
        for plan in plans:
            for owner in candidate.reference.owners:
                if owner not in plan.owners and self.names.family(owner) is plan.home:
                    plan.owners.append(owner)
            if plan is not planned:
                plan.sites.append(candidate)
        planned.sites.append(candidate)
        self.decided.sites.append(DecidedSite(candidate, planned, stands is not None))
        if stands is not None:
            return
        edits = self.decided.edits[scope.file.path]
        form = candidate.form
        if isinstance(form, Wrap):
            edits.wraps.setdefault(form.node, []).append(WrapEdit(text, form.tested))
        else:
            hooked = form.value.format(f"{text}({form.part})")
            edits.after.setdefault(form.statement, []).append(f"{form.target} = {hooked}")

    def _homes(self, candidate: Candidate) -> list[ClassDecl]:
        """The families of classes that the module of the site may be of."""
        return list(dict.fromkeys(self.names.family(one) for one in candidate.reference.owners))

    def _is_wanted(self, left: LeftAlone, reference: Reference) -> bool:
        form = Wrap(reference_node(left.node))
        candidate = Candidate(form.node, reference, "module call", form, left.scope)
        return is_wanted(candidate, self.options)

    def _is_barred(self, decl: ClassDecl) -> bool:
        return any(one in self.decided.own_children for one in (decl, *decl.descendants()))

    def _why(self, decl: ClassDecl) -> str:
        return next(
            self.decided.own_children[one]
            for one in (decl, *decl.descendants())
            if one in self.decided.own_children
        )

    def _leave(
        self, candidate: Candidate, code: str, message: str, inside: str | None = None
    ) -> None:
        place = inside or candidate.reference.place
        self.decided.left_alone.append(
            LeftAlone(candidate.node, code, message, candidate.scope, place, candidate.reference)
        )

    def _hook_text(
        self, candidate: Candidate, planned: PlannedHookPoint, loops: LoopIndexes
    ) -> str | None:
        reference = candidate.reference
        if reference.computed is not None:
            name = hook_point_name(reference.computed.name, self.options)
            return f"getattr({reference.receiver}, {name})"
        text = f"{reference.receiver}.{planned.name}"
        for position, step in enumerate(reference.items):
            index = self._index(step, text, position, loops)
            if index is None:
                return None
            text = index
        return text

    def _index(self, step: Item, hooks: str, position: int, loops: LoopIndexes) -> str | None:
        if isinstance(step.index, str):
            return f"{hooks}[{step.index}]"
        if not step.index.zipped:
            index = loops.index(step.index)
            return f"{hooks}[{index}]" if index is not None else None
        return loops.along(step.index, _in_place_of(step.index, hooks))

    # -- where hook points are made ------------------------------------------------------------------

    def _make(self) -> None:
        order: dict[PlannedHookPoint, int] = {}
        for index, planned in enumerate(self.names.planned.values()):
            order[planned] = index
            if planned.sites:
                self._make_one(planned, index)
        for (path, statement), lines in self._making.items():
            texts = list(dict.fromkeys(text for _, text in sorted(lines)))
            known = self.decided.edits[path].after.setdefault(statement, [])
            known += texts

    def _make_one(self, planned: PlannedHookPoint, order: int) -> None:
        if planned.reference.computed is not None:
            self._make_computed(planned, order)
            return
        attribute = planned.attribute
        assert attribute is not None
        placement = Placement()
        for owner in planned.owners:
            place(attribute, owner, self.inference, placement)
        for statement in placement.after:
            owner, function = self._where(statement, attribute, planned)
            if self._is_made(owner, planned.name):
                continue
            line = self._statement(planned, owner, function)
            if line is not None:
                rank = _rank(planned, statement, order, self.inference)
                self._making.setdefault((owner.file.path, statement), []).append((rank, line))
        for decl in placement.ends:
            if not self._is_made(decl, planned.name):
                line = self._statement(planned, decl, decl.methods.get("__init__"))
                if line is not None:
                    self._ends.setdefault(decl, []).append(line)

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
        existing = self.existing.get(decl.file.path)
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
                name = hook_point_name(dynamic.name, self.options)
                if isinstance(dynamic.name, ast.JoinedStr):
                    known = self.options.hook_point(display_name(dynamic.name))
                else:
                    known = ast.unparse(ast.parse(name))
                if self._is_made(owner, known):
                    continue
                line = f"setattr({receiver}, {name}, {self._spelling(owner, 'HookPoint')}())"
                making = self._making.setdefault((owner.file.path, dynamic.statement), [])
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
            existing = self.existing.get(decl.file.path)
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


def reference_node(node: ast.AST) -> ast.expr:
    return node if isinstance(node, ast.expr) else ast.Constant(None)


def _outside_strings(one: Candidate | LeftAlone) -> Candidate | LeftAlone:
    """A call inside an f-string is no site: its value goes into text."""
    if isinstance(one, LeftAlone):
        return one
    if not any(isinstance(ancestor, ast.JoinedStr) for ancestor in one.scope.ancestors(one.node)):
        return one
    message = f"{one.reference.path} is used inside an f-string"
    return LeftAlone(
        one.node, "in-f-string", message, one.scope, one.reference.place, one.reference
    )


def _depth(node: ast.AST, scope: Scope) -> int:
    return sum(1 for _ in scope.ancestors(node))


def _in_place_of(step: LoopStep, hooks: str) -> str:
    """``reversed(self.X_hook_points)`` for a loop over ``reversed(self.X)``."""
    container = step.container
    text = ast.unparse(container)
    inner: ast.expr = container
    while isinstance(inner, ast.Call | ast.Subscript):
        if isinstance(inner, ast.Call):
            inner = (
                inner.func.value
                if isinstance(inner.func, ast.Attribute) and not inner.args
                else inner.args[0]
            )
        else:
            inner = inner.value
    wrapped = text.replace(ast.unparse(inner), hooks, 1)
    loop = step.loop.iter
    while (
        isinstance(loop, ast.Call)
        and isinstance(loop.func, ast.Name)
        and loop.func.id in ("enumerate", "list", "tuple")
    ):
        loop = loop.args[0]
    if (
        isinstance(loop, ast.Call)
        and isinstance(loop.func, ast.Name)
        and loop.func.id == "reversed"
    ):
        wrapped = f"reversed({wrapped})"
    return wrapped


def _standing(candidate: Candidate, existing: Existing | None) -> str | None:
    """The hook point that the site already has in the source."""
    if existing is None:
        return None
    form = candidate.form
    if isinstance(form, Wrap):
        for text in existing.wrapped.get(form.node, ()):
            if _belongs(text, candidate):
                return text
        return None
    for part, text in existing.hooked_after.get(form.statement, ()):
        if part.replace('"', "'") == form.part.replace('"', "'"):
            return text
    return None


def _belongs(text: str, candidate: Candidate) -> bool:
    """Whether the hook point that wraps an expression is that of this parameter, and not of another."""
    if candidate.kind == "module call":
        return True
    return "_".join(candidate.reference.names) in text


def _attribute_of(text: str) -> str | None:
    """``layers_hook_points`` for ``self.layers_hook_points[hook_index]``."""
    found = re.match(r"(?:[\w.]+\.)?(\w+)(?:\[.*\])*$", text)
    return found.group(1) if found and "." in text else None


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
