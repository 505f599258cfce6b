"""Reads the entries of the stubs.

Beside the forms of typing, stubs say in the place of a result what an operation is to a tensor that
it takes (`_KINDS`), ``Input`` for whatever the first argument was, and
``When["argument", A, B]`` for ``A`` where that argument is given and neither ``None`` nor
``False``, else ``B`` (``Given[…]``: where it is given at all).
"""

from __future__ import annotations

import ast
from functools import cache, partial

from autohook_codegen.analysis.values import (
    PLAIN,
    TENSOR,
    UNKNOWN,
    Fields,
    Items,
    Module,
    Parameter,
    Tensor,
    Unknown,
    Value,
    join,
)
from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.library.entries import (
    Choice,
    Forward,
    Kind,
    LibraryClass,
    LibraryFunction,
    LibraryMember,
    Signature,
)
from autohook_codegen.library.guesses import is_output_class, is_plain_class
from autohook_codegen.library.stub_files import (
    StubEntry,
    default_entry,
    entry_named,
    find_near,
    normalised,
)
from autohook_codegen.library.type_expressions import AnnotationReader, container, last_name

__all__ = [
    "class_entry",
    "instance_of_library",
    "read_class",
    "read_function",
    "read_member",
    "read_table",
]

_KINDS = {
    "View": Kind.VIEW,
    "Fact": Kind.FACT,
    "New": Kind.FACT,
    "BoolTensor": Kind.FACT,
    "LongTensor": Kind.FACT,
    "Joined": Kind.JOINED,
    "Input": Kind.SAME,
    "Called": Kind.CALLS,
}
"""``New`` takes only the shape and type; a ``BoolTensor`` or ``LongTensor`` is a mask or an index,
and holds no numbers of what it was made from."""
_WORDS: dict[str, Value] = {
    "View": TENSOR,
    "New": TENSOR,
    "BoolTensor": TENSOR,
    "LongTensor": TENSOR,
    "Joined": TENSOR,
    "Fact": PLAIN,
    "Input": UNKNOWN,
    "PackedInput": TENSOR,
    "Called": UNKNOWN,
}
_PRIMITIVES: dict[str, Value] = {
    "Tensor": TENSOR,
    "torch.Tensor": TENSOR,
    "torch.nn.Buffer": TENSOR,
    "torch.nn.UninitializedBuffer": TENSOR,
    "torch.nn.Parameter": frozenset({Parameter(None)}),
    "torch.nn.UninitializedParameter": frozenset({Parameter(None)}),
    "torch.nn.Module": frozenset({Module(None, is_open=True)}),
}
_PACKED = "torch.nn.utils.rnn.PackedSequence"


# --- what an instance is ----------------------------------------------------------------------


def instance_of_library(dotted: str) -> Value:
    """Return what an instance of a class outside the input is, or of one of its subclasses."""
    return _instance(dotted, is_open=True)


def _instance(dotted: str, is_open: bool) -> Value:
    dotted = normalised(dotted)
    if dotted in _PRIMITIVES:
        return _PRIMITIVES[dotted]
    entry = class_entry(dotted) or find_near(dotted, by_last_name=True)
    if entry is None:
        return _guessed_instance(dotted)
    match entry.node:
        case ast.Assign(value=alias):  # another name for something
            return _stub_reader(entry).read(alias)
        case ast.FunctionDef():
            return frozenset({Unknown(name=entry.dotted)})
        case ast.ClassDef():
            found = read_class(entry)
            if found.is_container is not None:
                return container(found.dotted, found.is_container)
            if found.is_module:
                return frozenset({Module(found.dotted, is_open=is_open)})
            if found.fields is not None:
                return frozenset({_fields(found)})
            return PLAIN
    return UNKNOWN


def _fields(found: LibraryClass) -> Fields:
    return Fields(
        found.dotted,
        found.fields or (),
        is_settable=found.is_settable,
        is_ordered=found.is_ordered,
    )


def _guessed_instance(dotted: str) -> Value:
    last = dotted.rsplit(".", 1)[-1]
    if is_output_class(last):
        return frozenset({Fields(dotted, rest=UNKNOWN, is_settable=True, is_ordered=False)})
    if is_plain_class(last):
        return PLAIN
    return PLAIN if dotted.startswith("torch.") else frozenset({Unknown(name=dotted)})


# --- one annotation ---------------------------------------------------------------------------


def _stub_reader(entry: StubEntry, given: Value | None = None) -> AnnotationReader:
    """Return the reader for an entry's annotations; `given` is what the first argument is."""

    def resolve(node: ast.expr) -> str | None:
        name = last_name(node)
        near = None if name in _WORDS else entry_named(name, entry.module)
        return near.dotted if near is not None else None

    def instance(dotted: str) -> Value:
        if dotted in _WORDS:
            return _word(dotted, given)
        return _instance(dotted, is_open=False)

    return AnnotationReader(resolve, _no_class_of_input, instance)


def _no_class_of_input(reader: AnnotationReader, decl: ClassDecl) -> Value:
    return UNKNOWN


def _word(word: str, given: Value | None) -> Value:
    if word == "Input" and given is not None:
        return given
    if word == "PackedInput" and given is not None:
        packed = frozenset(one for one in given if isinstance(one, Fields) and one.kind == _PACKED)
        return packed if packed == given else packed | TENSOR
    return _WORDS[word]


def _returned(
    function: ast.FunctionDef, entry: StubEntry, given: Value | None = None
) -> tuple[Value, Choice | None]:
    """Return what the function gives back, and what decides where that depends on an argument."""
    annotation = function.returns
    if annotation is None:
        return UNKNOWN, None
    reader = _stub_reader(entry, given)
    match annotation:
        case ast.Subscript(
            value=ast.Name(id="When" | "Given" as word),
            slice=ast.Tuple(elts=[ast.Constant(value=str(argument)), given_one, other]),
        ):
            choice = Choice(argument, reader.read(given_one), reader.read(other), word == "Given")
            return join(choice.given, choice.otherwise), choice
    return reader.read(annotation), None


def _kind(name: str, annotation: ast.expr | None, result: Value) -> Kind:
    if name.endswith("_") and not name.startswith("_"):
        return Kind.IN_PLACE
    if isinstance(annotation, ast.Name) and annotation.id in _KINDS:
        return _KINDS[annotation.id]
    words = {one.id for one in ast.walk(annotation or ast.Pass()) if isinstance(one, ast.Name)}
    for word in ("View", "Joined", "Input"):
        if word in words:
            return _KINDS[word]
    if has_tensor(result):
        return Kind.OPERATION
    return Kind.OTHER if any(isinstance(one, Unknown) for one in result) else Kind.FACT


def has_tensor(value: Value) -> bool:
    """Tell whether a tensor is among what the value may be, or in its items or fields."""
    for one in value:
        match one:
            case Tensor() | Parameter():
                return True
            case Items(first=first, rest=rest):
                if any(map(has_tensor, (*first, rest))):
                    return True
            case Fields(fields=fields, rest=rest):
                if any(map(has_tensor, (*(part for _, part in fields), rest))):
                    return True
    return False


def _signature(function: ast.FunctionDef, choice: Choice | None, is_method: bool) -> Signature:
    arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return Signature(
        tuple(one.arg for one in arguments[1 if is_method else 0 :]),
        frozenset(
            one.arg
            for one in arguments
            if isinstance(one.annotation, ast.Name) and one.annotation.id == "Fact"
        ),
        choice,
    )


# --- functions, members, tables ---------------------------------------------------------------


def read_function(entry: StubEntry, name: str | None = None) -> LibraryFunction | None:
    """Return a function, a class of tensors that is called as one, or, for the entry of all that a
    stub does not name, the function of that `name`."""
    function = entry.node
    if isinstance(function, ast.ClassDef | ast.Assign):
        result = _instance(entry.dotted, is_open=False)
        return LibraryFunction(Kind.FACT, result, entry.dotted) if result == TENSOR else None
    if not isinstance(function, ast.FunctionDef):
        return None
    result, choice = _returned(function, entry)
    name = entry.name if name is None else name
    return LibraryFunction(
        _kind(name, function.returns, result),
        result,
        f"{entry.module}.{name}",
        _signature(function, choice, is_method=False),
    )


def read_member(entry: StubEntry) -> LibraryMember:
    return _member(entry.name, entry.node, entry)


def _member(name: str, node: ast.stmt, entry: StubEntry) -> LibraryMember:
    match node:
        case ast.FunctionDef(returns=annotation):
            result, choice = _returned(node, entry)
            kind = _kind(name, annotation, result)
            return LibraryMember(kind, result, False, _signature(node, choice, is_method=True))
        case ast.AnnAssign(annotation=annotation):
            result = _stub_reader(entry).read(annotation)
            return LibraryMember(_kind("", annotation, result), result, is_property=True)
    raise ValueError(f"{entry.dotted}.{name} is neither a method nor an attribute")


def read_table(entry: StubEntry) -> Value | None:
    """Return what an item of a table of a library is: ``ACT2FN: dict[str, Activation]``."""
    if not isinstance(entry.node, ast.AnnAssign):
        return None
    items: Value = frozenset()
    for table in _stub_reader(entry).read(entry.node.annotation):
        if isinstance(table, Items | Fields):
            items = join(items, table.rest)
    return items


# --- classes ----------------------------------------------------------------------------------


def class_entry(dotted: str) -> StubEntry | None:
    """Return the entry of a class, also of one that its stub does not name: most modules of torch
    give back one tensor."""
    entry = find_near(dotted, by_last_name=True)
    if entry is not None:
        return entry if isinstance(entry.node, ast.ClassDef) else None
    default = default_entry(dotted)
    name = dotted.rsplit(".", 1)[-1]
    if default is None or not name[:1].isupper():
        return None
    match default.node:
        case ast.FunctionDef(returns=ast.Subscript(slice=ast.Name(id=base))):
            return StubEntry(default.module, name, [f"class {name}({base}): ..."])
    return None


@cache
def read_class(entry: StubEntry) -> LibraryClass:
    """Return a class with what it inherits from its bases in the stubs."""
    node = entry.node
    assert isinstance(node, ast.ClassDef)
    bases = [read_class(base) for base in _bases(node, entry)]
    is_named_tuple = any(last_name(base) == "NamedTuple" for base in node.bases)
    has_fields = (
        is_named_tuple
        or bool(node.decorator_list)
        or any(base.fields is not None for base in bases)
    )
    parameters: dict[str, Value] = {}
    members: dict[str, Value] = {}
    methods: dict[str, LibraryMember] = {}
    fields: dict[str, Value] = {}
    constants: dict[str, object] = {}
    forward: Forward | None = None
    for base in reversed(bases):
        parameters.update(base.parameters)
        members.update(base.members)
        methods.update(base.methods)
        fields.update(base.fields or ())
        constants.update(base.constants)
        forward = base.forward or forward
    reader = _stub_reader(entry)
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=constant)):
                constants[name] = constant
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                value = reader.read(annotation)
                if any(isinstance(one, Parameter) for one in value):
                    parameters[name] = value
                elif has_fields:
                    fields[name] = value
                else:
                    members[name] = value
            case ast.FunctionDef(name=name):
                methods[name] = _member(name, statement, entry)
                if name in ("forward", "__call__"):
                    forward = partial(_returned, statement, entry)
    return LibraryClass(
        dotted=entry.dotted,
        bases=tuple(base.dotted for base in bases),
        is_module=entry.dotted == "torch.nn.Module" or any(base.is_module for base in bases),
        parameters=parameters,
        members=members,
        methods=methods,
        fields=tuple(fields.items()) if has_fields else None,
        is_settable=has_fields and not is_named_tuple and all(one.is_settable for one in bases),
        constants=constants,
        forward=forward,
    )


def _bases(node: ast.ClassDef, entry: StubEntry) -> list[StubEntry]:
    found = [entry_named(last_name(base), entry.module) for base in node.bases]
    return [one for one in found if one is not None and one is not entry]
