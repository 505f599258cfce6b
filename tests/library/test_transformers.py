"""The stubs of transformers, against the one that is installed."""

from __future__ import annotations

import ast
import dataclasses
import inspect

import pytest
import torch
from transformers import PreTrainedModel, activations, modeling_outputs
from transformers.activations import ACT2FN
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.utils import ModelOutput

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.values import NOTHING, TENSOR, Items, Module, Plain, Unknown, Value
from autohook_codegen.library import (
    Kind,
    function,
    library_class,
    read_annotation,
    table,
    tensor_member,
)

OUTPUTS = [
    name
    for name, value in vars(modeling_outputs).items()
    if isinstance(value, type) and issubclass(value, ModelOutput)
    if value is not ModelOutput and value.__name__ == name  # the others are old names
]


def resolve(node: ast.expr) -> str:
    """Return the dotted name, as the file of the outputs imports it."""
    text = ast.unparse(node)
    return text if text.startswith("torch.") else f"transformers.{text}"


@pytest.mark.parametrize("name", OUTPUTS)
def test_fields_of_output(name: str) -> None:
    cls = getattr(modeling_outputs, name)
    stub = library_class(f"transformers.modeling_outputs.{name}")
    assert stub is not None
    assert stub.fields is not None
    fields = dict(stub.fields)
    assert list(fields) == [one.name for one in dataclasses.fields(cls)]
    for one in dataclasses.fields(cls):
        text = str(one.type).replace("tuple[torch.Tensor]", "tuple[torch.Tensor, ...]")
        written: Value = read_annotation(ast.parse(text, mode="eval").body, resolve)
        kinds = {Plain() if isinstance(kind, Plain) else kind for kind in written}
        assert fields[one.name] | NOTHING == kinds | NOTHING
    assert stub.is_settable
    first = next(iter(fields.values()))
    assert stub.is_ordered == (not first & NOTHING)
    cls().__setattr__(next(iter(fields)), torch.ones(1))


@pytest.mark.parametrize(
    "dotted",
    [
        "transformers.modeling_outputs.BaseModelOutput",
        "transformers.BaseModelOutput",
        "modeling_outputs.BaseModelOutput",
        ".modeling_outputs.BaseModelOutput",
        "model.outputs.BaseModelOutput",
    ],
)
def test_a_class_is_found_by_its_last_name(dotted: str) -> None:
    found = library_class(dotted)
    assert found is not None
    assert found.dotted == "transformers.modeling_outputs.BaseModelOutput"


def test_activations_give_tensors() -> None:
    (item,) = table(".activations.ACT2FN") or ()
    assert isinstance(item, Module)
    known = library_class(str(item.cls))
    assert known is not None
    assert known.result(None) == TENSOR
    assert not known.members.keys() - {"training"}
    for name in ACT2FN:
        if name != "xielu":  # needs a GPU's kernels to be built
            activation = ACT2FN[name]
            assert isinstance(activation(torch.ones(2, 2)), torch.Tensor)
            assert list(activation.children()) == []


def test_attention_functions_give_pairs() -> None:
    (item,) = table(".modeling_utils.ALL_ATTENTION_FUNCTIONS") or ()
    assert isinstance(item, Unknown)
    known = function(str(item.name))
    assert known is not None
    for interface in ALL_ATTENTION_FUNCTIONS.values():
        returned = inspect.signature(interface).return_annotation
        if returned is not inspect.Signature.empty:
            written = read_annotation(ast.parse(str(returned), mode="eval").body, resolve)
            assert join_parts(written, known.result) == known.result


def join_parts(*pairs: Value) -> Value:
    """Return the pair whose parts may be what those of any of the pairs may be."""
    parts = [one.first for pair in pairs for one in pair if isinstance(one, Items)]
    return frozenset({Items("tuple", tuple(join(*each) for each in zip(*parts, strict=True)))})


@pytest.mark.parametrize("name", ["can_return_tuple", "capture_outputs"])
def test_decorators_that_give_tuples(name: str) -> None:
    known = function(f".utils.{name}")
    assert known is not None
    assert known.kind is Kind.SAME
    assert any(getattr(one, "kind", None) == "tuple" for one in known.result)
    quiet = function("transformers.utils.auto_docstring")
    assert quiet is not None
    assert quiet.kind is Kind.SAME
    assert not any(getattr(one, "kind", None) == "tuple" for one in quiet.result)


def test_modules_of_transformers_leave_name_alone() -> None:
    known = library_class("transformers.PreTrainedModel")
    assert known is not None
    assert known.is_module
    assert not known.uses_name
    assert not hasattr(PreTrainedModel, "name")
    assert not any(
        hasattr(one, "name")
        for one in vars(activations).values()
        if isinstance(one, type) and issubclass(one, torch.nn.Module)
    )


def test_fields_are_no_members_of_tensors() -> None:
    """``out.logits`` must not be taken for a tensor's own attribute."""
    fields = {
        one.name for name in OUTPUTS for one in dataclasses.fields(getattr(modeling_outputs, name))
    }
    assert [name for name in fields if tensor_member(name) is not None] == []
