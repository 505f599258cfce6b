"""From what the files declare to what each of them gains: the one place where sites are decided."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from autohook_codegen.declares.inference import Inference
from autohook_codegen.declares.methods import ReachedMethods
from autohook_codegen.declares.program import ClassDecl, Program
from autohook_codegen.declares.results import Results
from autohook_codegen.declares.scope import Scope
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.candidate import Candidate, LeftAlone, Wrap
from autohook_codegen.sites.computed_names import hook_point_name
from autohook_codegen.sites.decided import Decided, DecidedSite
from autohook_codegen.sites.edits import Edits, WrapEdit
from autohook_codegen.sites.filters import check_names, is_wanted
from autohook_codegen.sites.handed_modules import handed_modules
from autohook_codegen.sites.hook_points import HookPointNames, PlannedHookPoint
from autohook_codegen.sites.imports import Spellings, add_imports
from autohook_codegen.sites.in_place import changes_in_place, makes_in_place_modules
from autohook_codegen.sites.loops import LoopIndexes
from autohook_codegen.sites.made_hook_points import MadeHookPoints
from autohook_codegen.sites.module_calls import module_calls
from autohook_codegen.sites.own_children import classes_with_own_children
from autohook_codegen.sites.parameter_uses import parameter_uses
from autohook_codegen.sites.reference import Item, LoopStep, Reference
from autohook_codegen.sites.references import References
from autohook_codegen.sites.root_ends import end_roots
from autohook_codegen.source.precedence import needs_brackets

__all__ = ["decide"]

_CONDITION = ast.IfExp(ast.Constant(True), ast.Constant(None), ast.Constant(None))


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

    def run(self) -> None:
        if not any(decl.is_module for decl in self.program.classes):
            return
        reached = ReachedMethods(self.program, self.inference, self.options.entry)
        self.inference.users = reached.seen_by
        self.decided.own_children = classes_with_own_children(self.program, self.inference)
        per_scope = self._candidates(reached)
        check_names(
            self.program,
            [one for _, found in per_scope for one in found if isinstance(one, Candidate)],
            self.options,
        )
        for scope, found in per_scope:
            self._scope(scope, found)
        made = MadeHookPoints(self.decided, self.names)
        made.make()
        self._find_changes_in_place(reached)
        end_roots(self.decided, made.ends)
        add_imports(self.program, self.decided.edits, self.decided.spellings)

    def _find_changes_in_place(self, reached: ReachedMethods) -> None:
        in_place = self.decided.in_place
        for function, owner in reached.owners.items():
            changed = changes_in_place(self.inference.scope(function, owner, owner.file))
            in_place.setdefault(owner.file, []).extend(changed)
        for file in self.program.files.values():
            module = makes_in_place_modules(file.tree)
            if module is not None:
                in_place.setdefault(file, []).append(module)

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
        # Inner expressions first, as they run: hook points are made in the order they fire.
        found = sorted(
            found,
            key=lambda one: (scope.position(scope.statement(one.node)), -_depth(one.node, scope)),
        )
        loops = LoopIndexes(scope, existing, self.options)
        loops.reserve(
            one
            for one in found
            if isinstance(one, Candidate)
            and is_wanted(one, self.options)
            and not any(self._is_barred(owner) for owner in one.reference.owners)
        )
        for one in found:
            if isinstance(one, LeftAlone):
                if one.reference is None or self._is_wanted(one, one.reference):
                    self.decided.left_alone.append(one)
            elif is_wanted(one, self.options):
                self._site(one, scope, loops, existing)
        edits = self.decided.edits[scope.file.path]
        for loop, edit in loops.added.items():
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
            edits.wraps.setdefault(form.node, []).append(_wrap_edit(form, text, scope))
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


def _wrap_edit(form: Wrap, hook: str, scope: Scope) -> WrapEdit:
    parent = scope.parents[form.node]
    tested = form.tested
    if tested is None and _is_same_test(parent, form.node):
        # The author's own test would be taken for ours when the hook points are stripped.
        tested = ast.unparse(form.node)
    brackets = tested is not None and needs_brackets(parent, form.node, _CONDITION)
    return WrapEdit(hook, tested, brackets)


def _is_same_test(parent: ast.AST, node: ast.expr) -> bool:
    """Whether `node` is the first ``self.b`` of ``self.b if self.b is not None else None``."""
    return (
        isinstance(parent, ast.IfExp)
        and parent.body is node
        and not isinstance(node, ast.Call)
        and ast.unparse(parent) == "{0} if {0} is not None else None".format(ast.unparse(node))
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
    """Whether the hook point that wraps an expression is that of this parameter, and not of
    another.
    """
    if candidate.kind == "module call":
        return True
    return "_".join(candidate.reference.names) in text


def _attribute_of(text: str) -> str | None:
    """``layers_hook_points`` for ``self.layers_hook_points[hook_index]``."""
    found = re.match(r"(?:[\w.]+\.)?(\w+)(?:\[.*\])*$", text)
    return found.group(1) if found and "." in text else None
