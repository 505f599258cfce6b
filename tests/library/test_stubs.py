"""The stubs are what they claim to be: every entry is read, and names something that exists."""

from __future__ import annotations

import ast
import builtins
import importlib
import typing
from pathlib import Path

import pytest

from autohook_codegen import library
from autohook_codegen.analysis.values import Unknown
from autohook_codegen.library import (
    function,
    instance_of_library,
    library_class,
    table,
    tensor_member,
)

FILES = sorted((Path(library.__file__).parent / "stubs").glob("*.pyi"))
INSTALLED = (
    "torch",
    "transformers",
    "einops",
    "fancy_einsum",
    "jaxtyping",
    "copy",
    "functools",
    "typing",
    "builtins",
)
WORDS = {
    "View",
    "Joined",
    "Fact",
    "New",
    "BoolTensor",
    "LongTensor",
    "Input",
    "PackedInput",
    "Called",
    "When",
    "Given",
}


def entries() -> list[tuple[str, str, ast.stmt]]:
    """Return the module, name and syntax of all that stands in the stubs."""
    found = []
    for file in FILES:
        module = ""
        for node in ast.parse(file.read_text()).body:
            match node:
                case ast.Assign(
                    targets=[ast.Name(id="__name__")], value=ast.Constant(value=str(text))
                ):
                    module = text
                case (
                    ast.Assign(targets=[ast.Name(id=name)])
                    | ast.AnnAssign(target=ast.Name(id=name))
                ):
                    found.append((module, name, node))
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    found.append((module, name, node))
                case _:
                    pytest.fail(f"{file.name}:{node.lineno} is no entry")
    return found


ENTRIES = entries()
NAMES = {name for _, name, _ in ENTRIES}


def test_no_entry_stands_twice() -> None:
    dotted = [f"{module}.{name}" for module, name, _ in ENTRIES]
    assert sorted(dotted) == sorted(set(dotted))


def is_read(module: str, name: str, node: ast.stmt) -> bool:
    """Whether the library has something to say of the entry."""
    dotted = f"{module}.{name}"
    match node:
        case ast.FunctionDef() | ast.AnnAssign() if module == "torch.Tensor":
            return tensor_member(name) is not None
        case ast.FunctionDef():
            return function(dotted) is not None
        case ast.AnnAssign():
            return bool(table(dotted))
        case ast.ClassDef(bases=bases):
            cls = library_class(dotted)
            named = [one for one in bases if ast.unparse(one) != "NamedTuple"]
            return cls is not None and len(cls.bases) == len(named)
    return not any(isinstance(one, Unknown) for one in instance_of_library(dotted))


def test_entries_are_read() -> None:
    assert [entry[:2] for entry in ENTRIES if not is_read(*entry)] == []


def test_names_in_annotations() -> None:
    known = NAMES | WORDS | set(vars(typing)) | set(vars(builtins))
    unknown = {}
    for module, name, node in ENTRIES:
        annotations = [
            part
            for one in ast.walk(node)
            for part in (getattr(one, "returns", None), getattr(one, "annotation", None))
            if isinstance(part, ast.expr)
        ]
        named = {
            one.id for part in annotations for one in ast.walk(part) if isinstance(one, ast.Name)
        }
        if named - known:
            unknown[f"{module}.{name}"] = named - known
    assert unknown == {}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for module, name, _ in ENTRIES
        if module.split(".")[0] in INSTALLED
        and not name.startswith("_")
        and module != "torch.Tensor"
    ],
)
def test_name_exists(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name)
