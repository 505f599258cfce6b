"""What the stubs say of functions, members of tensors, classes and tables.

In the place of a result, a stub may say what the operation is to a tensor that it takes
(``-> View``), that it gives its first argument back (``Input``), and what an argument decides:
``When["argument", A, B]`` is ``A`` where that argument is given and neither ``None`` nor ``False``,
else ``B``; ``Given["argument", A, B]`` is ``A`` where it is given at all.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import cache, partial

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.values import (
    NOTHING,
    PLAIN,
    TENSOR,
    UNKNOWN,
    Class,
    Fields,
    Items,
    Module,
    Parameter,
    Plain,
    Unknown,
    Value,
)
from autohook_codegen.declares.names import identifiers
from autohook_codegen.library.annotations import AnnotationReader, last_name
from autohook_codegen.library.entries import (
    Choice,
    Forward,
    Kind,
    LibraryClass,
    LibraryFunction,
    Signature,
)
from autohook_codegen.library.guesses import (
    is_module_base,
    is_no_tensor_field,
    is_output_class,
    is_plain_base,
    is_plain_class,
    is_settings_class,
)
from autohook_codegen.library.stub_files import StubEntry, entry_named, find_entry, normalised

__all__ = [
    "function",
    "instance_of_library",
    "library_class",
    "makes_module",
    "table",
    "tensor_member",
]

_WORDS: dict[str, tuple[Kind, Value]] = {
    "View": (Kind.VIEW, TENSOR),
    "Joined": (Kind.JOINED, TENSOR),
    "Fact": (Kind.FACT, PLAIN),
    "New": (Kind.FACT, TENSOR),
    "BoolTensor": (Kind.FACT, TENSOR),
    "LongTensor": (Kind.FACT, TENSOR),
    "Input": (Kind.SAME, UNKNOWN),
    "PackedInput": (Kind.OPERATION, TENSOR),
    "Called": (Kind.CALLS, UNKNOWN),
}
"""``New`` takes only the shape and type; a ``BoolTensor`` or ``LongTensor`` is a mask or an index,
and holds no numbers of what it was made from."""
_INSTANCES: dict[str, Value] = {
    "Tensor": TENSOR,
    "torch.Tensor": TENSOR,
    "torch.nn.Buffer": TENSOR,
    "torch.nn.Parameter": frozenset({Parameter(None)}),
    "torch.nn.UninitializedParameter": frozenset({Parameter(None)}),
    "torch.nn.Module": frozenset({Module(None, is_open=True)}),
}
_PACKED = "torch.nn.utils.rnn.PackedSequence"


@cache
def instance_of_library(dotted: str, is_open: bool = True) -> Value:
    """Return what an instance of a class outside the input is, or of one of its subclasses."""
    dotted = normalised(dotted)
    if dotted in _INSTANCES:
        return _INSTANCES[dotted]
    known = library_class(dotted)
    if known is None:
        return _other_instance(dotted)
    if known.is_container is not None:
        kept = Items if known.is_container == "list" else Fields
        return frozenset({kept(known.dotted, rest=known.methods["__getitem__"].result)})
    if known.is_module:
        return frozenset({Module(known.dotted, is_open=is_open)})
    if known.fields is None:
        return PLAIN
    fields = Fields(known.dotted, known.fields, frozenset(), known.is_settable, known.is_ordered)
    return frozenset({fields})


def _other_instance(dotted: str) -> Value:
    entry = find_entry(dotted)
    if entry is not None and isinstance(entry.node, ast.Assign):  # another name for something
        return _reader(entry).read(entry.node.value)
    if entry is not None:
        return frozenset({Unknown(name=entry.dotted)})
    last = dotted.rsplit(".", 1)[-1]
    if is_output_class(last):
        return frozenset({Fields(dotted, rest=UNKNOWN, is_settable=True, is_ordered=False)})
    if is_settings_class(last):
        return PLAIN
    is_plain = is_plain_class(last) or dotted.startswith("torch.")
    return frozenset({Plain(gives_others=True) if is_plain else Unknown(name=dotted)})


@cache
def makes_module(base: str) -> bool | None:
    """Tell whether a base outside the input makes its classes modules; ``None`` where nothing says
    so."""
    known = library_class(base)
    last = base.rsplit(".", 1)[-1]
    if known is not None or is_module_base(last):
        return known is None or known.is_module
    return False if is_plain_base(last) or base.startswith("torch.") else None


# --- functions, members, tables ---------------------------------------------------------------


@cache
def tensor_member(name: str) -> LibraryFunction | None:
    """Return an attribute or method of tensors."""
    entry = find_entry(f"torch.Tensor.{name}")
    if entry is not None and isinstance(entry.node, ast.AnnAssign):
        result = _reader(entry).read(entry.node.annotation)
        kind = _kind(entry.name, entry.node.annotation, result)
        return LibraryFunction(kind, result, entry.dotted, is_property=True)
    return _read_function(entry, entry.node, is_method=True) if entry is not None else None


@cache
def function(dotted: str) -> LibraryFunction | None:
    """Return a function of a library, by the dotted name under which it is imported, or a class of
    tensors that is called as a function."""
    entry = find_entry(dotted)
    if entry is None:
        return None
    if isinstance(entry.node, ast.FunctionDef):
        return _read_function(entry, entry.node, is_method=False)
    is_tensor = instance_of_library(dotted) == TENSOR
    return LibraryFunction(Kind.FACT, TENSOR, entry.dotted) if is_tensor else None


def _read_function(entry: StubEntry, node: ast.stmt, is_method: bool) -> LibraryFunction:
    assert isinstance(node, ast.FunctionDef)
    result, choice = _returned(node, entry, None)
    name = entry.name if node is entry.node else node.name
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs][is_method:]
    asked = frozenset(one.arg for one in arguments if one.annotation is not None)
    signature = Signature(tuple(one.arg for one in arguments), asked, choice)
    kind = _kind(name, node.returns, result)
    return LibraryFunction(kind, result, f"{entry.module}.{name}", signature)


@cache
def table(dotted: str) -> Value | None:
    """Return what an item of a library's table is: of ``ACT2FN``, a module."""
    entry = find_entry(dotted)
    if entry is None or not isinstance(entry.node, ast.AnnAssign):
        return None
    tables = _reader(entry).read(entry.node.annotation)
    return join(*(one.rest for one in tables if isinstance(one, Items | Fields)))


def _reader(entry: StubEntry, given: Value | None = None) -> AnnotationReader:
    """Return the reader for an entry's annotations; `given` is what the first argument is."""

    def resolve(node: ast.expr) -> str:
        named = entry_named(last_name(node), entry.module)
        return named.dotted if named is not None else last_name(node)

    def instance(dotted: str) -> Value:
        word = dotted.rsplit(".", 1)[-1]
        if word == "Input" and given is not None:
            return given
        if word == "PackedInput" and given is not None:
            packed = {one for one in given if isinstance(one, Fields) and one.kind == _PACKED}
            return frozenset(packed) if packed == given else TENSOR | packed
        return _WORDS[word][1] if word in _WORDS else instance_of_library(dotted, is_open=False)

    return AnnotationReader(resolve, instance)


def _returned(
    function: ast.FunctionDef, entry: StubEntry, given: Value | None
) -> tuple[Value, Choice | None]:
    """Return what a function gives back, and what decides where that depends on an argument."""
    read = _reader(entry, given).read
    match function.returns:
        case ast.Subscript(
            value=ast.Name(id="When" | "Given" as word),
            slice=ast.Tuple(elts=[ast.Constant(value=str(argument)), first, second]),
        ):
            choice = Choice(argument, read(first), read(second), word == "Given")
            return join(choice.given, choice.otherwise), choice
    return (read(function.returns) if function.returns is not None else UNKNOWN), None


def _kind(name: str, annotation: ast.expr | None, result: Value) -> Kind:
    if name.endswith("_") and not name.startswith("_"):
        return Kind.IN_PLACE
    named = identifiers(annotation or ast.Pass())
    for word in sorted(named & _WORDS.keys()):
        if _WORDS[word][0] is not Kind.FACT:
            return _WORDS[word][0]
    if any(isinstance(one, Class | Module | Unknown) for one in result):
        return Kind.OTHER
    is_fact = named & _WORDS.keys() and "Tensor" not in named
    return Kind.FACT if is_fact or result <= PLAIN | NOTHING else Kind.OPERATION


# --- classes ----------------------------------------------------------------------------------


@cache
def library_class(dotted: str) -> LibraryClass | None:
    """Return a class of a library, by the dotted name under which it is imported, with what it
    inherits from its bases in the stubs."""
    entry = find_entry(dotted)
    node = entry.node if entry is not None else None
    if entry is None or not isinstance(node, ast.ClassDef):
        return None
    named = [entry_named(last_name(base), entry.module) for base in node.bases]
    bases = [base for one in named if one is not None and (base := library_class(one.dotted))]
    said: dict[str, str] = {}
    annotated: dict[str, Value] = {}
    methods: dict[str, LibraryFunction] = {}
    forward: Forward | None = None
    for base in reversed(bases):
        annotated |= {**base.parameters, **base.members, **dict(base.fields or ())}
        methods |= base.methods
        forward = base.forward or forward
    for statement in node.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                said[name] = str(ast.literal_eval(value))
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                annotated[name] = _reader(entry).read(annotation)
            case ast.FunctionDef(name=name):
                methods[name] = _read_function(entry, statement, is_method=True)
                if name in ("forward", "__call__"):
                    forward = partial(_returned, statement, entry)
    is_tuple = "NamedTuple" in map(last_name, node.bases)
    has_fields = is_tuple or "has_fields" in said or any(base.fields is not None for base in bases)
    parameters = {
        name: value
        for name, value in annotated.items()
        if any(isinstance(one, Parameter) for one in value)
    }
    others = {name: value for name, value in annotated.items() if name not in parameters}
    signature = methods["__init__"].signature if "__init__" in methods else Signature()
    return LibraryClass(
        entry.dotted,
        bases=tuple(base.dotted for base in bases),
        is_module=entry.dotted == "torch.nn.Module" or any(base.is_module for base in bases),
        parameters=parameters,
        members={} if has_fields else others,
        methods=methods,
        fields=tuple(others.items()) if has_fields else None,
        is_settable=has_fields and not is_tuple,
        is_ordered=is_tuple or not is_no_tensor_field(next(iter(others), "")),
        is_container=said.get("is_container", bases[0].is_container if bases else None),
        hides_members="hides_members" in said or any(base.hides_members for base in bases),
        weights_alone=said.get("weights_alone", bases[0].weights_alone if bases else None),
        signature=replace(signature, choice=forward(None)[1] if forward is not None else None),
        forward=forward,
    )
