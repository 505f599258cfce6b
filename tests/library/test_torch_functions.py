"""The stubs of torch's functions and tensors, against the torch that is installed."""

from __future__ import annotations

from collections import defaultdict
from types import BuiltinFunctionType

import pytest
import torch
import torch.nn.functional as F
from autohook_runtime.operations import JOINING, VIEWS_AND_CASTS, WITHOUT_THE_VALUE

from autohook_codegen.analysis.values import TENSOR, Fields, Items, Tensor, Value
from autohook_codegen.library import Kind, LibraryFunction, function, tensor_member

NAMESPACES = (torch, F, torch.linalg, torch.fft, torch.special)
PREFIXES = {"torch.linalg": "linalg_", "torch.fft": "fft_", "torch.special": "special_"}
MEMBERS = [name for name in dir(torch.Tensor) if not name.startswith("_")]
FUNCTIONS = [
    (namespace.__name__, name)
    for namespace in NAMESPACES
    for name, value in vars(namespace).items()
    if isinstance(value, BuiltinFunctionType) and value.__doc__ and not name.startswith("_")
]


def returned_types() -> dict[str, set[tuple[str, ...]]]:
    """Return what torch's own schemas say that its operators give back."""
    found: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for schema in torch._C._jit_get_all_schemas():
        takes_tensors = any("Tensor" in str(one.type) for one in schema.arguments)
        if schema.name.startswith("aten::") and takes_tensors:
            returned = tuple(str(one.type) for one in schema.returns)
            found[schema.name.removeprefix("aten::")].add(returned)
    return found


RETURNED = returned_types()


def is_several(returned: tuple[str, ...]) -> bool:
    return returned == ("List[Tensor]",) or (len(returned) > 1 and "Tensor" in returned)


def holds_several(value: Value) -> bool:
    return any(isinstance(one, Items | Fields) for one in value)


def check(known: LibraryFunction | None, operator: str) -> None:
    """The results of the entry are those of the operator: one tensor, several, or both."""
    assert known is not None
    returned = RETURNED.get(operator, set())
    if any(is_several(one) for one in returned):
        assert holds_several(known.result)
    elif ("Tensor",) in returned and known.signature.choice is None:
        assert not holds_several(known.result)
    if ("Tensor",) in returned:
        assert any(isinstance(one, Tensor) for one in known.result)


@pytest.mark.parametrize(("namespace", "name"), FUNCTIONS, ids=".".join)
def test_result_of_function(namespace: str, name: str) -> None:
    check(function(f"{namespace}.{name}"), PREFIXES.get(namespace, "") + name)


@pytest.mark.parametrize("name", MEMBERS)
def test_member_of_tensors(name: str) -> None:
    known = tensor_member(name)
    assert known is not None
    assert known.is_property == (not callable(getattr(torch.Tensor, name)))
    assert (known.kind is Kind.IN_PLACE) == name.endswith("_")
    if callable(getattr(torch.Tensor, name)) and not hasattr(torch, name):
        check(known, name)


def test_views_are_those_of_the_runtime() -> None:
    named = {name for name in VIEWS_AND_CASTS if not name.startswith("__")}
    known = {name: tensor_member(name) or function(f"torch.{name}") for name in named}
    assert [name for name, one in known.items() if one is None or one.kind is not Kind.VIEW] == []
    views = {
        name
        for name, one in ((name, tensor_member(name)) for name in MEMBERS)
        if one is not None and one.kind is Kind.VIEW and not one.is_property
    }
    views |= {
        name
        for namespace, name in FUNCTIONS
        if (one := function(f"{namespace}.{name}")) is not None and one.kind is Kind.VIEW
    }
    assert views - named - {"real", "imag"} == set()  # these two are properties to the runtime


def test_what_joins_is_what_joins_at_run_time() -> None:
    joining = {
        name
        for _, name in FUNCTIONS
        if (one := function(f"torch.{name}")) is not None and one.kind is Kind.JOINED
    }
    assert joining == JOINING & {name for _, name in FUNCTIONS}
    assert all(function(f"torch.{name}").kind is Kind.JOINED for name in JOINING)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", sorted(one for one in WITHOUT_THE_VALUE if "__" not in one))
def test_new_tensors_take_no_numbers(name: str) -> None:
    known = tensor_member(name) if name.startswith("new") else function(f"torch.{name}")
    assert known is not None
    assert (known.kind, known.result) == (Kind.FACT, TENSOR)


def result_of_ones(name: str) -> object:
    """Return what the method gives for a tensor of floating numbers; ``None`` where it needs more
    than another one."""
    for others in ((), (torch.ones(2, 2),)):
        try:
            return getattr(torch.ones(2, 2), name)(*others)
        except (AssertionError, AttributeError, RuntimeError, TypeError, ValueError):
            continue
    return None


@pytest.mark.filterwarnings("ignore")
def test_masks_and_indices_hold_no_numbers() -> None:
    methods = [name for name in MEMBERS if callable(getattr(torch.Tensor, name))]
    results = {name: result_of_ones(name) for name in methods if not name.endswith("_")}
    masks = [
        name
        for name, result in results.items()
        if isinstance(result, torch.Tensor)
        and not (result.is_floating_point() or result.is_complex())
    ]
    assert len(masks) > 30
    known = {name: tensor_member(name) for name in masks}
    assert [name for name, one in known.items() if one is None or one.kind is not Kind.FACT] == []


@pytest.mark.parametrize("name", [one for one in dir(F) if one.endswith("_") and one[0] != "_"])
def test_in_place(name: str) -> None:
    known = function(f"torch.nn.functional.{name}")
    assert known is not None
    assert known.kind is Kind.IN_PLACE
