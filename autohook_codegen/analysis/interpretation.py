"""The interpretation of a whole program: round after round, until nothing new is learned."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from autohook_codegen import library
from autohook_codegen.analysis import calls, displays, operators, reading, statements
from autohook_codegen.analysis.arguments import Arguments
from autohook_codegen.analysis.frame import Frame
from autohook_codegen.analysis.functions import call_function
from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.kept_values import kept_in_attribute
from autohook_codegen.analysis.names_computed import display_name, name_shape
from autohook_codegen.analysis.parts import of_call, reach, with_held
from autohook_codegen.analysis.scoping import Names, names_in
from autohook_codegen.analysis.state import State, Unit
from autohook_codegen.analysis.trace import Definition, FunctionTrace, Growth, Trace
from autohook_codegen.analysis.units import (
    has_decorator,
    is_method,
    is_property,
    name_of,
    receiver_of,
)
from autohook_codegen.analysis.values import (
    NOT_REACHED,
    NOTHING,
    UNKNOWN,
    Alternative,
    Bag,
    Class,
    Computed,
    Fields,
    Function,
    Held,
    Instance,
    Items,
    Module,
    ModuleClass,
    Nothing,
    Origin,
    Plain,
    Unknown,
    Value,
)
from autohook_codegen.declares.program import ClassDecl, FileDecl, FunctionNode, Program
from autohook_codegen.library import guesses
from autohook_codegen.library.stub_files import normalised

__all__ = ["Interpretation", "interpret"]

_EVALUATING = (calls, displays, operators, reading, statements)
"""Each registers what it evaluates or executes, when it is imported."""

STARTS = ("forward", "__call__")
"""Methods that outsiders call, whatever their class says."""

NEVER_HOOKED = frozenset(
    (
        "__init__ __init_subclass__ _init_weights init_weights initialize_weights "
        "reset_parameters reset_weights weight_init _reset_parameters init_parameters "
        "initialize __repr__ extra_repr __str__ __setstate__ __getstate__ __deepcopy__ "
        "__setattr__ __getattr__ state_dict load_state_dict _load_from_state_dict "
        "_save_to_state_dict tie_weights resize_token_embeddings get_input_embeddings "
        "set_input_embeddings get_output_embeddings set_output_embeddings"
    ).split()
)
"""Weight initialisation, weight surgery and what only describes the model."""


def interpret(program: Program, entries: Collection[str] = ()) -> Trace:
    """Interpret the program; `entries` are methods besides ``forward`` that outsiders call."""
    interpretation = Interpretation(program, (*STARTS, *entries))
    interpretation.run()
    return interpretation.trace()


class Interpretation:
    """What all frames share."""

    def __init__(self, program: Program, entries: Collection[str]) -> None:
        self.program = program
        self.entries = frozenset(entries)
        self.state = State()
        self.class_of_node = {decl.node: decl for decl in program.classes}
        self._names: dict[ast.AST, Names] = {}
        self._units: dict[ast.AST, Unit] = {}
        self._receivers: dict[ast.arg, Unit] = {}
        self._users: dict[ast.AST, tuple[ClassDecl, ...]] = {}
        self._setters: dict[ast.AST, tuple[ClassDecl, ...]] = {}
        self._annotated: dict[ast.expr, Value] = {}
        self._open: set[Unit] = set()
        """Functions that outsiders call, with arguments that the input does not show."""
        self._may_give_tuple: set[ast.AST] = set()
        """Functions under a decorator that may turn what they return into a tuple."""
        self._called: set[ast.arg] = set()
        """Further arguments that no call in the input gives."""

    # --- running

    def run(self) -> None:
        for file in self.program.files.values():
            self.unit(file.tree, None, file, None)
        for decl in self.program.classes:
            self.unit(decl.node, decl, decl.file, self._units.get(decl.file.tree))
        self._settle()
        for function in self._functions_kept_as_entries():
            self._open.add(self._units[function])
            self.state.enqueue(self._units[function])
        self._settle()
        # What nothing in the input calls may be called by others.
        while silent := [one for one in self._units.values() if self._is_silent(one)]:
            for unit in silent:
                self._called.update(self._without_value(unit))
                self.state.enqueue(unit)
            self._settle()

    def _functions_kept_as_entries(self) -> list[ast.AST]:
        """The methods that an instance has under an entry's name, ``self.forward = self.fused``."""
        return [
            one.node
            for cls in self.program.classes
            for entry in sorted(self.entries)
            for one in self.state.look(("attribute", cls, entry))
            if isinstance(one, Function) and one.node in self._units
        ]

    def _is_silent(self, unit: Unit) -> bool:
        """Whether nothing calls the function."""
        return unit not in self._open and bool(self._without_value(unit))

    def _without_value(self, unit: Unit) -> list[ast.arg]:
        """The arguments that no call gives."""
        if not isinstance(unit.node, FunctionNode | ast.Lambda):
            return []
        args = unit.node.args
        first = receiver_of(unit)
        return [
            one
            for one in (*args.posonlyargs, *args.args, *args.kwonlyargs)
            if one is not first
            and one not in self._called
            and not self.state.look(("argument", one))
        ]

    def _settle(self) -> None:
        while (unit := self.state.next()) is not None:
            self._interpret(unit)

    def unit(
        self,
        node: FunctionNode | ast.Lambda | ast.Module | ast.ClassDef,
        owner: ClassDecl | None,
        file: FileDecl,
        parent: Unit | None,
    ) -> Unit:
        """Return the unit of a function, which is interpreted when it is first asked for."""
        unit = self._units.get(node)
        if unit is None:
            if parent is not None and isinstance(parent.node, ast.ClassDef):
                parent = parent.parent  # methods do not see the names of the class's body
            unit = self._units[node] = Unit(node, owner, file, parent)
            receiver = receiver_of(unit)
            if receiver is not None:
                self._receivers[receiver] = unit
            if owner is not None and isinstance(node, FunctionNode) and is_method(unit):
                if owner.is_module and (node.name in self.entries or node.name == "__init__"):
                    self._open.add(unit)
            self.state.enqueue(unit)
        return unit

    def _interpret(self, unit: Unit) -> None:
        node = unit.node
        function = node if isinstance(node, FunctionNode | ast.Lambda) else None
        parent = unit.parent.trace if unit.parent is not None else None
        trace = FunctionTrace(function, unit.owner, unit.file, parent)
        frame = Frame(self, unit, trace)
        if isinstance(node, FunctionNode | ast.Lambda):
            self._bind_arguments(frame, node)
        if isinstance(node, ast.Lambda):
            frame.returned = frame.evaluate(node.body)
        else:
            frame.run(node.body)
        if isinstance(node, FunctionNode) and frame.environment is not None:
            frame.returned = join(frame.returned, NOTHING)
        frame.finish()
        self.state.write(("returned", node), frame.returned)

    def _bind_arguments(self, frame: Frame, node: FunctionNode | ast.Lambda) -> None:
        args = node.args
        unit = frame.unit
        receiver = receiver_of(unit)
        plain = [*args.posonlyargs, *args.args]
        defaults: dict[ast.arg, ast.expr] = dict(
            zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True)
        )
        defaults |= {
            one: default
            for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
            if default is not None
        }
        for one in (*plain, *args.kwonlyargs):
            if one is receiver:
                value = self._instance(unit, one)
            else:
                value = self.state.read(("argument", one), unit)
                value = join(value, self._from_outside(frame, one, defaults.get(one)))
            frame.trace.arguments[one] = value
            frame.bind(one.arg, value)
        if args.vararg is not None:
            given = self.state.read(("argument", args.vararg), unit)
            anything = Items("tuple", (), frozenset({Unknown(Origin(args.vararg))}))
            frame.bind(args.vararg.arg, given or frozenset({anything}))
        if args.kwarg is not None:
            given = self.state.read(("argument", args.kwarg), unit)
            anything_named = Fields("dict", (), frozenset({Unknown(Origin(args.kwarg))}))
            frame.bind(args.kwarg.arg, join(given, frozenset({anything_named})))

    def _instance(self, unit: Unit, receiver: ast.arg) -> Value:
        owner = unit.owner
        assert owner is not None
        held = Held(receiver)
        if has_decorator(unit.node, "classmethod") or name_of(unit) in (
            "__new__",
            "__init_subclass__",
        ):
            return frozenset({Class(owner, is_open=True)})
        instance = self.instance(owner, None, bool(owner.subclasses))
        if not owner.is_module and any(user.is_module for user in self.users(unit)):
            instance = frozenset({Module(owner, is_open=True)})
        return with_held(instance, held)

    def _from_outside(self, frame: Frame, one: ast.arg, default: ast.expr | None) -> Value:
        """What an argument may be that the input's own calls do not say."""
        is_open = frame.unit in self._open or one in self._called
        given = frame.evaluate(default) if default is not None else NOT_REACHED
        if given == NOTHING:
            given = frozenset({Nothing(one)})
        said = (
            self.annotated(one.annotation, frame.file)
            if one.annotation is not None
            else NOT_REACHED
        )
        if any(isinstance(kind, Items) for kind in said):
            said = NOT_REACHED  # models annotate tuples where they take a tensor
        said = _labelled(said, one)
        if not is_open:
            return join(given, said) if any(isinstance(k, Module | Fields) for k in said) else given
        said = frozenset(kind for kind in said if kind != Unknown())
        opened = frozenset(
            Class(kind.cls, True)
            if isinstance(kind, Class)
            else Plain()
            if isinstance(kind, Plain)
            else kind
            for kind in given
        )
        if any(isinstance(kind, Class | Function) or _is_named(kind) for kind in given):
            return opened  # says more than `type[nn.Module]`
        if said:
            return join(said, opened)
        if any(isinstance(kind, Plain) for kind in given):
            return opened
        return join(opened, frozenset({Unknown(Origin(one))}))

    # --- names

    def names_in(self, node: ast.AST) -> Names:
        if node not in self._names:
            self._names[node] = names_in(node)
        return self._names[node]

    def look_up(self, frame: Frame, name: str) -> Value:
        """Return what a name is that the function at hand does not bind."""
        parent = frame.unit.parent
        while parent is not None:
            if name in self.names_in(parent.node).local:
                found = self.state.read(("name", parent.node, name), frame.unit)
                if isinstance(parent.node, ast.Module) and not found:
                    break
                return found
            parent = parent.parent
        if isinstance(frame.unit.node, ast.ClassDef | ast.Module | FunctionNode | ast.Lambda):
            if name in self.names_in(frame.file.tree).local:
                found = self.state.read(("name", frame.file.tree, name), frame.unit)
                if found or name not in frame.file.imports.names:
                    return found
        return self.imported(frame, name)

    def is_bound(self, frame: Frame, name: str) -> bool:
        """Tell whether a name of Python's own means something else here."""
        unit: Unit | None = frame.unit
        while unit is not None:
            if name in self.names_in(unit.node).local:
                return True
            unit = unit.parent
        return name in frame.file.imports.names

    def imported(self, frame: Frame, name: str) -> Value:
        dotted = frame.file.imports.resolve(name)
        if dotted == name:
            found = self.program.starred(frame.file, name)
            if found is None:
                if name in _PYTHON_CLASSES:
                    return frozenset({Class(name)})
                return frozenset({Unknown(name=name)})
            dotted = found
        return self.resolved(frame, dotted)

    def resolved(self, frame: Frame, dotted: str) -> Value:
        """Return what a dotted name means: something of the input or of a library."""
        place = self.program.find(dotted)
        if place is not None:
            file, rest = place
            if not rest:
                return frozenset({Unknown(name=dotted)})
            first, _, others = rest.partition(".")
            if first in self.names_in(file.tree).local:
                value = self.state.read(("name", file.tree, first), frame.unit)
                for part in others.split(".") if others else ():
                    value = join(*(self._part_of(frame, one, part) for one in value))
                return value
            starred = self.program.starred(file, first)
            if starred is not None and starred != dotted:
                return self.resolved(frame, starred)
        dotted = normalised(dotted)
        last = dotted.rsplit(".", 1)[-1].lstrip("_")
        if library.table(dotted) is None and library.function(dotted) is None:
            if library.library_class(dotted) is not None or (
                last[:1].isupper() and not last.isupper()
            ):
                return frozenset({Class(dotted)})
        return frozenset({Unknown(name=dotted)})

    def _part_of(self, frame: Frame, one: Alternative, name: str) -> Value:
        if isinstance(one, Class):
            return self.of_class(frame, one, name)
        if isinstance(one, Unknown) and one.name is not None:
            return self.resolved(frame, f"{one.name}.{name}")
        return UNKNOWN

    def annotated(self, annotation: ast.expr, file: FileDecl) -> Value:
        """Return what an annotation says."""
        if annotation not in self._annotated:
            self._annotated[annotation] = library.read_annotation(
                annotation, self._resolver(file), self._resolver
            )
        return self._annotated[annotation]

    def _resolver(self, file: FileDecl) -> Callable[[ast.expr], ClassDecl | str | None]:
        return lambda node: self.program.named(file, node)

    # --- classes

    def instance(self, cls: ClassDecl, made: ast.AST | None, is_open: bool) -> Value:
        """Return an instance of a class of the input."""
        is_container = cls.inherits_from(_CONTAINERS) and cls.method("forward") is None
        if cls.is_module and not is_container:
            return frozenset({Module(cls, is_open=is_open)})
        if _may_be_module(cls):
            return frozenset({Module(cls, is_open=True)})
        said = library.instance_of(cls, self._resolver(cls.file), self._resolver)
        return frozenset(
            replace(one, site=made) if isinstance(one, Items | Fields) and is_container else one
            for one in said
        )

    def users(self, unit: Unit) -> tuple[ClassDecl, ...]:
        """Return the classes whose instances run the method: they have no other in its place, or
        that one comes back to it by ``super()``."""
        node = unit.node
        if node not in self._users:
            self._users[node] = tuple(self._running(unit)) if unit.owner is not None else ()
        return self._users[node]

    def _running(self, unit: Unit) -> Iterable[ClassDecl]:
        assert unit.owner is not None
        name = name_of(unit)
        stack, seen = [unit.owner], {unit.owner}
        while stack:
            cls = stack.pop()
            yield cls
            for one in cls.subclasses:
                if one in seen:
                    continue
                method = one.methods.get(name)
                if method is None or self.program.calls_base(one, method):
                    seen.add(one)
                    stack.append(one)

    def setters(self, frame: Frame, one: Module | Instance) -> tuple[ClassDecl, ...]:
        """Return the classes whose statements may have set an attribute of the instance."""
        assert isinstance(one.cls, ClassDecl)
        unit = self._own(one)
        key: ast.AST = unit.node if unit is not None else one.cls.node
        is_open = isinstance(one, Module) and one.is_open
        if unit is None and is_open:
            key = one.cls.node.name, one.cls.node  # type: ignore[assignment]
        if key not in self._setters:
            if unit is not None:
                found = dict.fromkeys(c for user in self.users(unit) for c in user.mro)
            elif is_open:
                found = dict.fromkeys(
                    c for user in (one.cls, *one.cls.descendants()) for c in user.mro
                )
            else:
                found = dict.fromkeys(one.cls.mro)
            self._setters[key] = tuple(found)
        return self._setters[key]

    def _own(self, one: Module | Instance) -> Unit | None:
        """The method whose ``self`` it is."""
        if one.held is None or one.held.steps:
            return None
        return self._receivers.get(one.held.root)

    def attribute(self, frame: Frame, classes: Iterable[ModuleClass], name: str) -> Value:
        """Return what statements of the classes have set the attribute to."""
        return join(*(self.state.read(("attribute", one, name), frame.unit) for one in classes))

    def is_set(self, cls: ClassDecl, name: str) -> bool:
        """Tell whether some statement of the class itself sets the attribute."""
        return any(name in self.program.set_in(one) for one in cls.mro)

    def computed_attribute(self, frame: Frame, one: Module, step: Computed) -> Value:
        if not isinstance(one.cls, ClassDecl):
            return NOT_REACHED
        cells = [
            self.state.read(("computed", cls, step.shape), frame.unit)
            for cls in self.setters(frame, one)
        ]
        return with_held(join(*cells), reach(one.held, step))

    def method(self, frame: Frame, cls: ClassDecl, name: str, bound: Value) -> Value | None:
        """Return the method that an instance has under a name, or what a property gives."""
        found: dict[FunctionNode, ClassDecl] = {}
        for user in self._classes_of(cls, bound):
            held = user.method(name)
            if held is not None:
                found[held[1]] = held[0]
        if not found:
            return None
        return join(*(self._bound(frame, node, owner, bound) for node, owner in found.items()))

    def methods_named(self, frame: Frame, one: Module, shape: tuple[str | None, ...]) -> Value:
        """Return the methods whose names have the shape: ``getattr(self, f"pool_{kind}")``."""
        if not isinstance(one.cls, ClassDecl):
            return NOT_REACHED
        pattern = re.compile("".join("(.+)" if part is None else re.escape(part) for part in shape))
        names = {name for owner in one.cls.mro for name in owner.methods if pattern.fullmatch(name)}
        found = [self.method(frame, one.cls, name, frozenset({one})) for name in sorted(names)]
        return join(*(value for value in found if value is not None)) if found else NOT_REACHED

    def _classes_of(self, cls: ClassDecl, bound: Value) -> Iterable[ClassDecl]:
        for one in bound:
            if isinstance(one, Module | Instance):
                unit = self._own(one)
                if unit is not None and unit.owner is cls:
                    return self.users(unit)
                if isinstance(one, Module) and one.is_open:
                    return (cls, *cls.descendants())
        return (cls,)

    def inherited_method(self, frame: Frame, name: str) -> Value:
        """Return what ``super().name`` is."""
        unit: Unit | None = frame.unit
        while unit is not None and (unit.owner is None or not is_method(unit)):
            unit = unit.parent
        if unit is None or unit.owner is None:
            return UNKNOWN
        receiver = receiver_of(unit)
        bound = self._instance(unit, receiver) if receiver is not None else NOT_REACHED
        found: dict[FunctionNode, ClassDecl] = {}
        for user in self.users(unit):
            after = user.method_after(unit.owner, name)
            if after is not None:
                found[after[1]] = after[0]
        if not found:
            return self._inherited_from_library(unit.owner, name)
        return join(*(self._bound(frame, node, owner, bound) for node, owner in found.items()))

    def _inherited_from_library(self, owner: ClassDecl, name: str) -> Value:
        """``super().forward(x)`` in a subclass of one of torch's own modules."""
        if name in STARTS:
            for base in sorted(owner.all_outside_bases):
                known = library.library_class(base)
                if known is not None and known.is_module and known.result(None):
                    return frozenset({Module(base)})
        return UNKNOWN

    def _bound(self, frame: Frame, node: FunctionNode, owner: ClassDecl, bound: Value) -> Value:
        parent = self._units.get(owner.file.tree)
        self.unit(node, owner, owner.file, self._parent_of(owner, parent))
        if has_decorator(node, "staticmethod"):
            return frozenset({Function(node, owner, owner.file)})
        if has_decorator(node, "classmethod"):
            return frozenset({Function(node, owner, owner.file, frozenset({Class(owner, True)}))})
        function = Function(node, owner, owner.file, bound)
        if is_property(node):
            return call_function(frame, function, Arguments(), node)
        if not node.decorator_list:
            return frozenset({function})
        decorated = self.state.read(("decorated", node), frame.unit)
        if not decorated:
            return frozenset({function})
        return frozenset(
            Function(one.node, one.owner, one.file, bound, one.given, one.given_names)
            if isinstance(one, Function)
            else one
            for one in decorated
        )

    def _parent_of(self, owner: ClassDecl, file: Unit | None) -> Unit | None:
        unit = self._units.get(owner.node)
        return unit.parent if unit is not None else file

    def decorated(self, frame: Frame, function: Value, node: FunctionNode) -> Value:
        """Return what the decorators of the input make of a function."""
        value = function
        for decorator in reversed(node.decorator_list):
            for one in frame.evaluate(decorator):
                name = one.name if isinstance(one, Unknown) else None
                known = library.function(name) if name is not None else None
                if known is not None and any(isinstance(kind, Items) for kind in known.result):
                    self._may_give_tuple.add(node)
                if isinstance(one, Function):
                    given = Arguments.of(value)
                    made = call_function(frame, one, given, decorator)
                    functions = frozenset(f for f in made if isinstance(f, Function))
                    value = functions or value
        if value != function:
            self.state.write(("decorated", node), value)
        return value

    def of_class(self, frame: Frame, one: Class, name: str) -> Value:
        """Return ``Class.name``."""
        cls = one.cls
        if isinstance(cls, str):
            known = library.library_class(cls)
            if known is not None and name in known.methods:
                return frozenset({Unknown(name=f"{cls}.{name}")})
            if guesses.is_making_method(name):
                return frozenset({Class(cls, is_open=True)})
            return self.resolved(frame, f"{cls}.{name}")
        nested = cls.nested(name)
        if nested is not None:
            return frozenset({Class(nested)})
        held = cls.method(name)
        if held is not None:
            owner, node = held
            self.unit(node, owner, owner.file, self._parent_of(owner, None))
            bound = (
                frozenset({Class(cls, one.is_open)})
                if has_decorator(node, "classmethod")
                else NOT_REACHED
            )
            return frozenset({Function(node, owner, owner.file, bound)})
        found = self.attribute(frame, cls.mro, name)
        if found:
            return found
        if guesses.is_making_method(name):
            return frozenset({Class(cls, is_open=True)})
        return UNKNOWN

    def is_hook_point(self, cls: ModuleClass | None) -> bool:
        if isinstance(cls, ClassDecl):
            return cls.name == "HookPoint"
        return isinstance(cls, str) and cls.rsplit(".", 1)[-1] == "HookPoint"

    # --- what functions leave behind

    def define(
        self,
        frame: Frame,
        cls: ClassDecl | Bag,
        attribute: str,
        value: Value,
        receiver: ast.expr | None,
        name: ast.expr | None,
    ) -> None:
        """Write down that a statement sets an attribute of an instance."""
        own = kept_in_attribute(value, frame)
        self.state.write(("attribute", cls, attribute), own)
        statement = frame.statement
        if statement is None or isinstance(cls, Bag):
            return
        function = frame.unit.node if isinstance(frame.unit.node, FunctionNode) else None
        text = ast.unparse(receiver) if receiver is not None else ""
        self.state.definitions.setdefault(cls, {}).setdefault(attribute, {})[statement] = (
            Definition(attribute, cls, statement, function, frame.file, text, own, name)
        )

    def define_computed(
        self, frame: Frame, cls: ClassDecl, name: ast.expr, value: Value, receiver: ast.expr
    ) -> None:
        shape = name_shape(name)
        if shape is not None:
            self.state.write(("computed", cls, shape), kept_in_attribute(value, frame))
        self.define(frame, cls, display_name(name), value, receiver, name)

    def grow(
        self,
        frame: Frame,
        one: Items | Fields,
        how: str,
        arguments: tuple[ast.expr, ...],
        container: ast.expr,
        value: Value,
        key: str | int | None = None,
    ) -> None:
        """Write down that a statement adds a member to a container."""
        if one.site is None:
            return
        value = kept_in_attribute(value, frame)
        self.state.write(("grown", one.site), value)
        self.state.write(("grown", one.site, key if isinstance(key, str) else None), value)
        if frame.statement is not None:
            function = frame.unit.node if isinstance(frame.unit.node, FunctionNode) else None
            self.state.growths.setdefault(one.site, {})[frame.statement] = Growth(
                one.site, how, arguments, container, frame.statement, function, frame.file
            )

    def grown(self, frame: Frame, one: Items | Fields) -> Value:
        if one.site is None:
            return NOT_REACHED
        return self.state.read(("grown", one.site), frame.unit)

    def grown_field(self, frame: Frame, one: Fields, key: str) -> Value:
        if one.site is None:
            return NOT_REACHED
        named = self.state.read(("grown", one.site, key), frame.unit)
        return join(named, self.state.read(("grown", one.site, None), frame.unit))

    def set_field(self, frame: Frame, one: Fields, name: str, value: Value) -> None:
        if one.site is not None:
            self.state.write(("grown", one.site, name), value)

    # --- functions

    def returned(self, frame: Frame, function: Function) -> Value:
        """Return what the function gives back, as far as it is known."""
        owner, file = function.owner, function.file
        unit = self._units.get(function.node)
        if unit is None:
            unit = self.unit(function.node, owner, file, self._units.get(file.tree))
        found = self.state.read(("returned", function.node), frame.unit)
        if function.node in self._may_give_tuple and any(isinstance(k, Fields) for k in found):
            found = join(found, frozenset({Items("tuple", (), UNKNOWN)}))
        said = getattr(function.node, "returns", None)
        if said is None or not found:
            return found
        return _agreed(found, self.annotated(said, file))

    def called(
        self, frame: Frame, callee: Value, node: ast.AST, arguments: Arguments | None = None
    ) -> Value:
        """Return what calling functions of the input gives."""
        found = [
            call_function(frame, one, arguments or Arguments(), node)
            if isinstance(one, Function)
            else UNKNOWN
            for one in callee
        ]
        return join(*found) if found else NOT_REACHED

    def hand_anything(self, function: Function) -> None:
        """Code outside the input calls the function with what is not known."""
        args = function.node.args
        bound = 1 if function.bound else 0
        for one in (*args.posonlyargs, *args.args)[bound:]:
            self.state.write(("argument", one), frozenset({Unknown(Origin(one))}))

    def asks_for_none(self, frame: Frame, func: ast.expr) -> bool | None:
        """Tell whether ``func(x)`` holds where x is ``None`` (or where it is not): an idiom of
        research code, ``def exists(v): return v is not None``."""
        if not isinstance(func, ast.Name):
            return None
        for one in frame.trace.values.get(func, NOT_REACHED):
            if isinstance(one, Function):
                body = one.node.body
                last = body[-1] if isinstance(body, list) else None
                asked = last.value if isinstance(last, ast.Return) else body
                match asked:
                    case ast.Compare(
                        left=ast.Name(id=name),
                        ops=[ast.Is() | ast.IsNot() as op],
                        comparators=[ast.Constant(value=None)],
                    ) if name in {a.arg for a in one.node.args.args}:
                        return isinstance(op, ast.Is)
        return None

    # --- the end

    def trace(self) -> Trace:
        functions = {
            node: unit.trace for node, unit in self._units.items() if unit.trace is not None
        }
        for unit in self._units.values():
            if unit.trace is not None and unit.owner is not None and is_method(unit):
                unit.trace.users = frozenset(self.users(unit))
        definitions = {
            cls: {name: list(found.values()) for name, found in attributes.items()}
            for cls, attributes in self.state.definitions.items()
        }
        growths = {site: list(found.values()) for site, found in self.state.growths.items()}
        callees = {
            node: {key: frozenset(found) for key, found in unit.callees.items()}
            for node, unit in self._units.items()
        }
        return Trace(self.program, functions, definitions, growths, callees, self._reached(callees))

    def _reached(
        self, callees: dict[ast.AST, dict[ast.AST, frozenset[ast.AST]]]
    ) -> dict[ast.AST, frozenset[ClassDecl]]:
        """The functions that run when an entry of some class does."""
        found: dict[ast.AST, frozenset[ClassDecl]] = {}
        stack: list[ast.AST] = [
            node
            for node, unit in self._units.items()
            if unit.owner is not None
            and unit.owner.is_module
            and is_method(unit)
            and name_of(unit) in self.entries
        ]
        stack += self._functions_kept_as_entries()
        while stack:
            node = stack.pop()
            unit = self._units[node]
            if node in found or name_of(unit) in NEVER_HOOKED:
                continue
            if isinstance(node, ast.ClassDef | ast.Module):
                continue
            found[node] = frozenset(self.users(unit)) if is_method(unit) else frozenset()
            for names in callees.get(node, {}).values():
                stack += [one for one in names if one in self._units]
        return found


def _may_be_module(cls: ClassDecl) -> bool:
    """Whether only a base outside the input can say whether the class is a module."""
    if (
        cls.is_module
        or not cls.outside_bases
        or any("dataclass" in ast.unparse(one) for one in cls.node.decorator_list)
    ):
        return False
    lasts = [base.rsplit(".", 1)[-1] for base in cls.all_outside_bases]
    return all(
        not guesses.is_plain_base(last) and library.library_class(base) is None
        for last, base in zip(lasts, cls.all_outside_bases, strict=True)
    )


_CONTAINERS = frozenset(
    "torch.nn." + name for name in ("ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
)
_PYTHON_CLASSES = frozenset(
    "dict list tuple set str int float bool object type Exception bytes frozenset slice".split()
)


def _is_named(one: Alternative) -> bool:
    return isinstance(one, Unknown) and one.name is not None


def _labelled(said: Value, argument: ast.arg) -> Value:
    """What an annotation says, as the function at hand holds it."""
    labelled = frozenset(
        Unknown(Origin(argument)) if isinstance(one, Unknown) else one
        for one in of_call(said, argument)
    )
    return (
        with_held(labelled, Held(argument))
        if any(isinstance(one, Module) for one in said)
        else labelled
    )


def _agreed(found: Value, said: Value) -> Value:
    """What a function returns, where its annotation says what its code does not."""
    unknown = [one for one in found if isinstance(one, Unknown)]
    structured = [one for one in said if isinstance(one, Items | Fields)]
    if not unknown:
        return found
    known = frozenset(one for one in said if not isinstance(one, Unknown))
    if not known:
        return found
    rest = found - frozenset(unknown)
    if rest and not structured:
        return join(rest, found) if rest == found else join(rest, known, frozenset(unknown))
    return join(rest, known)
