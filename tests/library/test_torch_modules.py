"""The stubs of torch's modules, against the torch that is installed."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

from autohook_codegen.analysis.values import (
    NOTHING,
    TENSOR,
    UNKNOWN,
    Fields,
    Items,
    Module,
    Parameter,
    Tensor,
    Value,
)
from autohook_codegen.library import LibraryClass, library_class

NAMES = [
    name
    for name, value in vars(nn).items()
    if isinstance(value, type) and issubclass(value, nn.Module) and not name.endswith("Base")
]
ARGUMENTS: dict[str, Any] = {
    "cutoffs": [2],
    "mode": "LSTM",
    "unflattened_size": (2, 2),
    "module": nn.Identity(),
    "encoder_layer": nn.TransformerEncoderLayer(4, 2),
    "decoder_layer": nn.TransformerDecoderLayer(4, 2),
}
OPTIONS = ("bias", "affine", "elementwise_affine")


def known(name: str) -> LibraryClass:
    found = library_class(f"torch.nn.{name}")
    assert found is not None
    return found


def construct(name: str, **options: Any) -> nn.Module:
    cls = getattr(nn, name)
    taken = inspect.signature(cls.__init__).parameters
    if issubclass(cls, nn.RNNBase):
        taken = inspect.signature(nn.RNNBase.__init__).parameters
        needed = {"input_size": 4, "hidden_size": 4}
    else:
        needed = {
            one.name: ARGUMENTS.get(one.name, 4)
            for one in list(taken.values())[1:]
            if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
        }
    if name.startswith("Fractional"):
        needed["output_size"] = 2
    return cls(**needed, **{key: value for key, value in options.items() if key in taken})


@cache
def constructed(name: str) -> tuple[nn.Module, ...]:
    """Return an instance with its options as they are by default, and with each turned."""
    made = [construct(name), construct(name, **dict.fromkeys(OPTIONS, False))]
    taken = inspect.signature(getattr(nn, name).__init__).parameters
    if "kdim" in taken:
        made.append(construct(name, kdim=2, vdim=2, add_bias_kv=True))
    if "norm" in taken:
        made.append(construct(name, norm=nn.LayerNorm(4)))
    return tuple(made)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_parameters(name: str) -> None:
    cls = known(name)
    made = constructed(name)
    optional = {
        key: any(one._parameters.get(key) is None for one in made)
        for each in made
        for key in each._parameters
    }
    stub = {key: bool(value & NOTHING) for key, value in cls.parameters.items()}
    assert all(
        any(isinstance(one, Parameter) for one in value) for value in cls.parameters.values()
    )
    assert stub == optional


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_submodules(name: str) -> None:
    cls = known(name)
    if name == "DataParallel":
        assert set(cls.members) == {"module", "training"}
        return
    made = constructed(name)
    children = {key for one in made for key in one._modules}
    assert set(cls.members) - {"training"} == children
    for key in children:
        child = next(one._modules[key] for one in made if one._modules.get(key) is not None)
        for value in cls.members[key] - NOTHING:
            if isinstance(value, Items):
                assert value.kind == f"torch.nn.{type(child).__name__}"
            else:
                assert isinstance(value, Module)
                assert value.cls is None or isinstance(
                    child, getattr(nn, str(value.cls).rsplit(".", 1)[-1])
                )


@pytest.mark.parametrize("name", NAMES)
def test_result_as_annotated(name: str) -> None:
    """torch annotates most of its forwards."""
    forward = getattr(nn, name).forward
    annotation = inspect.signature(forward).return_annotation
    result = known(name).result(None)
    if annotation in (torch.Tensor, "Tensor") and name != "Identity":
        assert result == TENSOR
    elif name not in CALLED:
        assert result == UNKNOWN or "tuple" in str(annotation) or "_ASM" in str(annotation)


def fits(value: Any, known: Value) -> bool:
    """Whether what a module gave back is among what its stub says."""
    for one in known:
        match one:
            case Tensor() if isinstance(value, torch.Tensor):
                return True
            case Items() if isinstance(value, tuple) and len(value) == len(one.first):
                return all(map(fits, value, one.first))
            case Fields() if isinstance(value, tuple) and hasattr(value, "_fields"):
                parts = dict(one.fields)
                return set(value._fields) == set(parts) and all(
                    part is None or fits(part, parts[key]) for key, part in value._asdict().items()
                )
    return value is None and bool(known & NOTHING)


SEQUENCE = torch.randn(3, 2, 4)
CELL = torch.randn(2, 4)
CALLED: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("LSTM", "GRU", "RNN"), (SEQUENCE,)),
    **dict.fromkeys(("LSTMCell", "GRUCell", "RNNCell"), (CELL,)),
    **dict.fromkeys(("MaxPool1d", "AdaptiveMaxPool1d"), (torch.randn(1, 4, 8),)),
    **dict.fromkeys(
        ("MaxPool2d", "AdaptiveMaxPool2d", "FractionalMaxPool2d"), (torch.randn(1, 4, 8, 8),)
    ),
    **dict.fromkeys(
        ("MaxPool3d", "AdaptiveMaxPool3d", "FractionalMaxPool3d"), (torch.randn(1, 4, 8, 8, 8),)
    ),
    "MultiheadAttention": (SEQUENCE, SEQUENCE, SEQUENCE),
    "AdaptiveLogSoftmaxWithLoss": (CELL, torch.tensor([0, 3])),
}


@pytest.mark.parametrize("name", CALLED)
def test_result_as_called(name: str) -> None:
    assert fits(construct(name)(*CALLED[name]), known(name).result(None))


@pytest.mark.parametrize("name", [name for name in CALLED if "Pool" in name])
def test_result_with_indices(name: str) -> None:
    indexed = ast.parse("Pool(3, return_indices=True)", mode="eval").body
    plain = ast.parse("Pool(3)", mode="eval").body
    unclear = ast.parse("Pool(3, return_indices=indexed)", mode="eval").body
    assert isinstance(indexed, ast.Call)
    assert isinstance(plain, ast.Call)
    assert isinstance(unclear, ast.Call)
    cls = known(name)
    result = construct(name, return_indices=True)(*CALLED[name])
    assert fits(result, cls.result(indexed))
    assert not fits(result, cls.result(plain))
    assert cls.result(plain) == TENSOR
    assert cls.result(unclear) == cls.result(None)
    place = list(inspect.signature(getattr(nn, name).__init__).parameters).index("return_indices")
    assert cls.signature.arguments.index("return_indices") == place - 1


def test_packed_sequences_go_through() -> None:
    lengths = torch.tensor([3, 2])
    packed = nn.utils.rnn.pack_padded_sequence(SEQUENCE, lengths)
    stub = library_class("torch.nn.utils.rnn.PackedSequence")
    assert stub is not None
    given: Value = frozenset({Fields(stub.dotted, stub.fields or ())})
    for name in ("LSTM", "GRU", "RNN"):
        result = construct(name)(packed)
        assert fits(result, known(name).result(None, given))
        assert not fits(result, known(name).result(None, TENSOR))


@pytest.mark.parametrize("name", NAMES)
def test_in_place(name: str) -> None:
    taken = list(inspect.signature(getattr(nn, name).__init__).parameters)[1:]
    cls = known(name)
    if "inplace" not in taken:
        assert "inplace" not in cls.signature.arguments
        return
    place = taken.index("inplace")
    assert cls.signature.arguments.index("inplace") == place
    before = ", ".join(["0.5"] * place + ["True"])
    changing = ast.parse(f"{name}({before})", mode="eval").body
    keeping = ast.parse(f"{name}({before}[0])".replace("True[0]", "False"), mode="eval").body
    assert isinstance(changing, ast.Call)
    assert isinstance(keeping, ast.Call)
    assert cls.in_place(changing)
    assert not cls.in_place(keeping)


@pytest.mark.parametrize("name", dir(nn.Module))
def test_methods_of_every_module(name: str) -> None:
    module = known("Module")
    if name.startswith("_") or name in (
        "forward",
        "T_destination",
        "call_super_init",
        "dump_patches",
    ):
        return
    assert name in module.methods


@pytest.mark.parametrize(
    "name",
    "Transformer TransformerEncoder TransformerEncoderLayer TransformerDecoder "
    "TransformerDecoderLayer Sequential DataParallel AdaptiveLogSoftmaxWithLoss".split(),
)
def test_members_that_torch_calls_itself(name: str) -> None:
    assert known(name).hides_members
    assert not known("Linear").hides_members


@pytest.mark.parametrize("name", NAMES)
def test_containers(name: str) -> None:
    forms = {"ModuleList": "list", "ParameterList": "list", "Sequential": "list"}
    forms |= {"ModuleDict": "dict", "ParameterDict": "dict"}
    assert known(name).is_container == forms.get(name)
