"""Places the statements that make hook points: wherever what they hook exists, they exist."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from autohook_codegen import library
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.names_computed import display_name
from autohook_codegen.analysis.trace import Definition, FunctionTrace, Trace
from autohook_codegen.analysis.values import Fields, Items, Nothing, Unknown
from autohook_codegen.declares.files import ClassDecl, FileDecl, FunctionNode
from autohook_codegen.declares.lineage import lineage
from autohook_codegen.notes import NoteCode
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.blocks import Place, find_places
from autohook_codegen.sites.candidate import LeftAlone
from autohook_codegen.sites.computed_names import hook_point_name, with_suffix
from autohook_codegen.sites.endings import (
    calls_of_bases,
    can_be_ended,
    goes_on_to_bases,
    receiver_of,
)
from autohook_codegen.sites.filling import Filling, fillings
from autohook_codegen.sites.hook_points import HookPoint
from autohook_codegen.sites.imports import Spellings
from autohook_codegen.sites.making import CannotBeMadeError, growth_statement, making_statement

__all__ = ["Making", "Placed", "Placing"]

_BEHIND_OWN = 1_000_000
"""What a module gives follows the module's own hook point, what it gets stands as it runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Making:
    """A statement that follows another one, and makes a hook point."""

    file: FileDecl
    behind: ast.stmt
    text: str
    rank: tuple[int, int, int]
    """The order of what one statement makes: of its targets, of a container's members as they are
    declared, and else of the sites."""


@dataclass
class Placed:
    """Everything that makes one hook point."""

    hook_point: HookPoint
    behind: list[Making] = field(default_factory=list)
    ends: dict[ClassDecl, str] = field(default_factory=dict)
    """What the ``__init__`` of a class makes at its end."""
    notes: list[LeftAlone] = field(default_factory=list)
    done: set[FunctionNode] = field(default_factory=set)
    """The functions that make it somewhere."""
    sure: set[FunctionNode] = field(default_factory=set)
    """Those that make it whichever branch runs."""


class Placing:
    """Knows what a program sets where, and places one hook point after another."""

    def __init__(
        self,
        trace: Trace,
        existing: Mapping[str, Existing],
        spellings: Spellings,
        options: Options,
    ) -> None:
        self.trace = trace
        self.existing = existing
        self.spellings = spellings
        self.options = options
        self.initialisers = cache(trace.initialisers)
        self.surely_run = cache(self._surely_run)

    def place(self, hook_point: HookPoint, order: int) -> Placed:
        """Return the statements that make the hook point.

        Raises:
            CannotBeMadeError: it cannot be made wherever what it hooks exists.
        """
        placed = Placed(hook_point)
        if hook_point.kind == "activation" and not hook_point.second_names:
            order += _BEHIND_OWN
        if hook_point.made_with.computed is not None:
            self._place_computed(hook_point, placed, order)
        elif hook_point.made_with.items and not hook_point.is_made_at_end:
            self._place_container(hook_point, placed, order)
        else:
            for owner in hook_point.owners:
                self._place_single(owner, hook_point, placed, order)
        return placed

    # A hook point.

    def _place_single(
        self, owner: ClassDecl, hook_point: HookPoint, placed: Placed, order: int
    ) -> None:
        """Make it in `owner`, and in those subclasses that may not come by the same statement."""
        for decl in (owner, *owner.descendants()):
            runs = self.initialisers(decl)
            if decl is not owner and (
                placed.sure & self.surely_run(decl)
                or (placed.ends.keys() & set(decl.mro) and goes_on_to_bases(decl, runs))
            ):
                continue
            by_function = {
                function: (definitions, *_places_of(function, definitions))
                for function, definitions in self._definitions(hook_point, decl.mro).items()
                if function in runs and function not in placed.done
            }
            placed.sure |= {function for function, (_, _, sure) in by_function.items() if sure}
            # a value inside the forward is there whichever module is made that it stands beside
            is_needed = hook_point.beside is not None or _is_set_outside(
                decl, _first_name(hook_point)
            )
            if is_needed and not placed.sure & runs.keys():
                by_function = {}
            for function, (definitions, places, _) in by_function.items():
                self._make(hook_point, placed, order, function, definitions, places)
            if not placed.done & runs.keys():
                self._make_at_end(decl, hook_point, placed)

    def _surely_run(self, decl: ClassDecl) -> set[FunctionNode]:
        """Return the initialisers that run whichever branch the others take."""
        runs = self.initialisers(decl)
        stack = list(runs)[:1]
        found = set(stack)
        while stack and len(found) < len(runs):
            function = stack.pop()
            reached = self.trace.reached_by(function)
            for other in runs.keys() - found:
                calls = {one for one, functions in reached.items() if other in functions}
                if calls and find_places(function.body, calls)[1]:
                    found.add(other)
                    stack.append(other)
        return found

    # A container of hook points.

    def _place_container(self, hook_point: HookPoint, placed: Placed, order: int) -> None:
        holders = lineage(hook_point.owners)
        runs = {one for decl in holders for one in self.initialisers(decl)}
        if any(_runs_text(self.trace.functions[one], _first_name(hook_point)) for one in runs):
            raise CannotBeMadeError("what exec does to it is not seen")
        by_function = self._definitions(hook_point, holders)
        filled = list(dict.fromkeys(fillings(hook_point, self.trace)))
        if runs & by_function.keys():
            # What another method sets takes the place of a container that has hook points.
            for function in by_function.keys() - runs:
                filled += [
                    Filling(function, one.statement, one.receiver)
                    for one in by_function.pop(function)
                    if any(isinstance(kind, Items | Fields) for kind in one.value)
                ]
        for function, definitions in by_function.items():
            own = [one for one in filled if one.function is function]
            methods = frozenset(one.function for one in filled) - {function}
            calls = self.trace.statements_that_call(function, methods)
            # `self.X = self.filled()`: it is full before the instance holds it
            later = calls - {one.statement for one in definitions}
            touches = {one.statement for one in own} | calls
            places, _ = _places_of(function, definitions, touches)
            is_full = all(_sees(places, touch) for touch in touches)
            flat = _is_flat(hook_point)
            if is_full and not (later and flat):
                absorbed = {function, *(self._reached(function, calls) if flat else methods)}
                filled = [one for one in filled if one.function not in absorbed]
            elif flat:
                places, _ = _places_of(function, definitions)
            self._make(hook_point, placed, order, function, definitions, places)
            if function not in runs:
                self._note(hook_point, function, definitions[0].statement, placed)
        if not by_function:
            for owner in hook_point.owners:
                self._make_at_end(owner, hook_point, placed)
        for one in filled:
            self._fill(one, hook_point, placed)
            if one.function not in runs:
                self._note(hook_point, one.function, one.statement, placed)

    def _reached(self, function: FunctionNode, calls: Iterable[ast.stmt]) -> set[ast.AST]:
        """Return the functions that these statements come to, by whatever calls."""
        reached = self.trace.reached_by(function)
        return set().union(*(reached[one] for one in calls))

    def _fill(self, filling: Filling, hook_point: HookPoint, placed: Placed) -> None:
        """Add a hook point behind a statement that adds a member."""
        if not _is_flat(hook_point):
            raise CannotBeMadeError("it is filled where its hook points cannot be made")
        function = self.trace.functions[filling.function]
        text = growth_statement(
            filling.growth,
            f"{filling.receiver}.{_first_name(hook_point)}",
            f"{filling.receiver}.{hook_point.name}",
            self.spellings.of(function.file, "HookPoint"),
            hook_point.made_with.items[0].by_key,
        )
        owner = function.owner
        if text is not None and not (owner is not None and self._stands(owner, hook_point.name)):
            placed.behind.append(Making(function.file, filling.statement, text, (0, 0, 0)))

    def _note(
        self, hook_point: HookPoint, function: FunctionNode, statement: ast.stmt, placed: Placed
    ) -> None:
        owner = self.trace.functions[function].owner
        if owner is not None and function in self.initialisers(owner):
            return
        attribute = _first_name(hook_point)
        message = NoteCode.CONTAINER_GROWS.says(attribute=attribute)
        placed.notes.append(LeftAlone(statement, message, self.trace.functions[function]))

    # A name that is worked out.

    def _place_computed(self, hook_point: HookPoint, placed: Placed, order: int) -> None:
        computed, own = hook_point.made_with.computed, hook_point.reference.computed
        assert computed is not None
        assert own is not None
        suffix = display_name(own.name)[len(display_name(computed.name)) :]
        for decl in lineage(hook_point.owners):
            for attribute in self.trace.attributes(decl):
                for definition in self.trace.definitions(decl, attribute):
                    known_as = definition.computed
                    if known_as is None or known_as.shape != computed.shape:
                        continue
                    name = with_suffix(known_as.name, suffix) if suffix else known_as.name
                    text = hook_point_name(name, self.options)
                    known = (
                        self.options.hook_point(display_name(name))
                        if isinstance(name, ast.JoinedStr)
                        else ast.unparse(ast.parse(text))
                    )
                    if not self._stands(decl, known):
                        spelled = self.spellings.of(definition.file, "HookPoint")
                        line = f"setattr({definition.receiver}, {text}, {spelled}())"
                        made = Making(definition.file, definition.statement, line, (0, 0, order))
                        placed.behind.append(made)

    # All of them.

    def _definitions(
        self, hook_point: HookPoint, decls: Iterable[ClassDecl]
    ) -> dict[FunctionNode, list[Definition]]:
        """Return the statements that set the attribute, by the function that they stand in; where
        it may be a container those that set one."""
        found: dict[FunctionNode, list[Definition]] = {}
        beside = hook_point.made_with
        if hook_point.is_made_at_end:
            return found
        is_container = bool(beside.items) and len(beside.names) == 1
        for decl in decls:
            for one in self.trace.definitions(decl, beside.names[0]):
                if one.function is not None and (not is_container or _may_be_container(one)):
                    found.setdefault(one.function, []).append(one)
        return found

    def _make(
        self,
        hook_point: HookPoint,
        placed: Placed,
        order: int,
        function: FunctionNode,
        definitions: list[Definition],
        places: list[Place],
    ) -> None:
        placed.done.add(function)
        first = definitions[0]
        if self._stands(first.owner, hook_point.name):
            return
        spelled = self.spellings.of(first.file, "HookPoint")
        set_to = join(*(one.value for one in definitions))
        text = making_statement(hook_point, first.receiver, spelled, first.file, self.trace, set_to)
        for place in places:
            rank = _rank(hook_point, place.statement, order, first)
            placed.behind.append(Making(first.file, place.statement, text, rank))

    def _make_at_end(self, decl: ClassDecl, hook_point: HookPoint, placed: Placed) -> None:
        if decl in placed.ends or self._stands(decl, hook_point.name):
            return
        if not can_be_ended(decl):
            raise CannotBeMadeError(f"nothing can be added at the end of {decl.name}.__init__")
        spelled = self.spellings.of(decl.file, "HookPoint")
        receiver = receiver_of(decl.initialiser)
        placed.ends[decl] = making_statement(hook_point, receiver, spelled, decl.file, self.trace)

    def _stands(self, decl: ClassDecl, name: str) -> bool:
        """Tell whether the source makes a hook point of that name already."""
        known = self.existing.get(decl.file.path)
        return known is not None and any(name in known.made.get(one.node, ()) for one in decl.mro)


def _is_set_outside(decl: ClassDecl, attribute: str) -> bool:
    """Tell whether a base outside the input sets it, whatever the class's own code does."""
    bases = map(library.library_class, decl.all_outside_bases)
    return any(base and attribute in {*base.members, *base.parameters} for base in bases)


def _first_name(hook_point: HookPoint) -> str:
    return hook_point.made_with.names[0]


def _runs_text(function: FunctionTrace, attribute: str) -> bool:
    """Tell whether the function runs a text that may name the attribute: one that is worked out."""
    for node in function.values:
        match node:
            case ast.Call(ast.Name("exec"), [ast.Constant(str(text)), *_]):
                if attribute in text:
                    return True
            case ast.Call(ast.Name("exec")):
                return True
    return False


def _is_flat(hook_point: HookPoint) -> bool:
    """Tell whether it stands beside one container that an instance holds itself."""
    return len(hook_point.made_with.steps) == 2


def _may_be_container(definition: Definition) -> bool:
    return any(isinstance(one, Items | Fields | Nothing | Unknown) for one in definition.value)


def _places_of(
    function: FunctionNode, definitions: list[Definition], touches: Iterable[ast.stmt] = ()
) -> tuple[list[Place], bool]:
    # what is set before `super().__init__()` is lost, or is no module
    begins = max((one.lineno for one in calls_of_bases(function)), default=0)
    kept = [one for one in definitions if one.statement.lineno > begins]
    begun = [] if kept else [one for one in function.body if one.lineno <= begins]
    makes = {one.statement for one in kept or definitions}
    empty = {one.statement for one in definitions if all(isinstance(v, Nothing) for v in one.value)}
    return find_places(function.body, makes, {*touches, *begun[-1:]}, empty)


def _sees(places: list[Place], touch: ast.stmt) -> bool:
    """Tell whether what is made at the places is made behind a statement that adds a member: none
    stands before it, or one stands behind it in its own block too."""
    return any(one.is_behind(touch) for one in places) or (
        bool(places) and all(one.statement.lineno > touch.lineno for one in places)
    )


def _rank(
    hook_point: HookPoint, statement: ast.stmt, order: int, definition: Definition
) -> tuple[int, int, int]:
    names = hook_point.made_with.names
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    places = [
        (node.lineno, node.col_offset)
        for target in targets
        for node in ast.walk(target)
        if isinstance(node, ast.Attribute) and node.attr == names[0]
    ]
    declared = [
        name for one in definition.value if isinstance(one, Fields) for name, _ in one.fields
    ]
    if len(names) == 2 and names[1] in declared:
        order = declared.index(names[1])
    return (*(places[0] if places else (0, 0)), order)
