"""What each form of annotation says: annotation → value."""

from __future__ import annotations

import ast

import pytest

from autohook_codegen.analysis.joining import join
from autohook_codegen.analysis.values import (
    NOTHING,
    PLAIN,
    TENSOR,
    UNKNOWN,
    Class,
    Fields,
    Instance,
    Items,
    Module,
    Parameter,
    Plain,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.program import Program
from autohook_codegen.library import makes_module, read_annotation

SOURCE = """
from __future__ import annotations
import torch, typing
from dataclasses import dataclass
from typing import Any, Callable, Literal, NamedTuple, Optional, TypedDict, Union
from torch import FloatTensor, Tensor, nn
from jaxtyping import Float
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutput, ModelOutput
from transformers import PreTrainedModel, PretrainedConfig

class Block(nn.Module):
    def forward(self, x): ...

class Blocks(nn.ModuleList): ...

@dataclass
class Settings:
    width: int
    act: Callable

@dataclass(frozen=True)
class Frozen:
    out: Tensor

class Pair(NamedTuple):
    first: Tensor
    second: tuple[Tensor, ...] | None

class Keys(TypedDict):
    k: Tensor

@dataclass
class Out(BaseModelOutput):
    pooled: Tensor

@dataclass
class Own(ModelOutput):
    loss: Optional[Tensor] = None

class Tree:
    pass
"""
PROGRAM = Program({"m.py": ast.parse(SOURCE)}, makes_module)
FILE = PROGRAM.files["m.py"]


def resolve(node: ast.expr) -> ClassDecl | str | None:
    return PROGRAM.class_of(FILE, node) or FILE.dotted(node)


def read(annotation: str) -> Value:
    return read_annotation(ast.parse(annotation, mode="eval").body, resolve)


def decl(name: str) -> ClassDecl:
    return FILE.by_name[name]


def one(alternative: object) -> Value:
    return frozenset({alternative})  # type: ignore[arg-type]


STATES = one(Items("tuple", rest=TENSOR)) | NOTHING

PAIRS: list[tuple[str, Value]] = [
    ("Tensor", TENSOR),
    ("torch.Tensor", TENSOR),
    ("torch.FloatTensor", TENSOR),
    ("FloatTensor", TENSOR),
    ('Float[Tensor, "b d"]', TENSOR),
    ("int", PLAIN),
    ("torch.dtype", PLAIN),
    ("torch.device", PLAIN),
    ('Literal["a"]', PLAIN),
    ("PretrainedConfig", PLAIN),
    ("BertConfig", PLAIN),
    ("torch.distributions.Normal", frozenset({Plain(gives_others=True)})),
    ("None", NOTHING),
    ("Any", UNKNOWN),
    ("Callable[..., Tensor]", UNKNOWN),
    ("Tensor | None", join(TENSOR, NOTHING)),
    ("Optional[Tensor]", join(TENSOR, NOTHING)),
    ("typing.Optional[int]", join(PLAIN, NOTHING)),
    ("Union[Tensor, None, int]", join(TENSOR, NOTHING, PLAIN)),
    ('"Tensor | None"', join(TENSOR, NOTHING)),
    ("tuple", one(Items("tuple", rest=UNKNOWN))),
    ("tuple[Tensor, int]", one(Items("tuple", (TENSOR, PLAIN)))),
    ("tuple[Tensor, ...]", one(Items("tuple", rest=TENSOR))),
    (
        "tuple[Tensor, tuple[Tensor, Tensor]]",
        one(Items("tuple", (TENSOR, one(Items("tuple", (TENSOR, TENSOR)))))),
    ),
    ("list[Tensor]", one(Items("list", rest=TENSOR))),
    ("dict[str, Tensor]", one(Fields("dict", rest=TENSOR, is_settable=True))),
    ("nn.Module", one(Module(None, is_open=True))),
    ("nn.Linear", one(Module("torch.nn.Linear", is_open=True))),
    ("torch.nn.modules.linear.Linear", one(Module("torch.nn.Linear", is_open=True))),
    ("nn.GELU", one(Module("torch.nn.GELU", is_open=True))),
    ("Block", one(Module(decl("Block"), is_open=True))),
    ("Blocks", one(Items(decl("Blocks"), rest=one(Module(None, is_open=True))))),
    ("nn.Parameter", one(Parameter(None))),
    ("nn.Parameter | None", one(Parameter(None)) | NOTHING),
    ("nn.ModuleList", one(Items("torch.nn.ModuleList", rest=one(Module(None, is_open=True))))),
    ("list[Block]", one(Items("list", rest=one(Module(decl("Block"), is_open=True))))),
    ("nn.ModuleDict", one(Fields("torch.nn.ModuleDict", rest=one(Module(None, is_open=True))))),
    ("nn.ParameterList", one(Items("torch.nn.ParameterList", rest=one(Parameter(None))))),
    ("type[Block]", one(Class(decl("Block"), is_open=True))),
    ("type[nn.Module]", one(Class("torch.nn.Module", is_open=True))),
    ("PreTrainedModel", one(Module("transformers.modeling_utils.PreTrainedModel", is_open=True))),
    (
        "Settings",
        one(Fields(decl("Settings"), (("width", PLAIN), ("act", UNKNOWN)), is_settable=True)),
    ),
    ("Frozen", one(Fields(decl("Frozen"), (("out", TENSOR),)))),
    ("Pair", one(Fields(decl("Pair"), (("first", TENSOR), ("second", STATES))))),
    ("Keys", one(Fields(decl("Keys"), (("k", TENSOR),), is_settable=True, is_ordered=False))),
    ("Tree", one(Instance(decl("Tree")))),
    (
        "BaseModelOutput",
        one(
            Fields(
                "transformers.modeling_outputs.BaseModelOutput",
                (("last_hidden_state", TENSOR), ("hidden_states", STATES), ("attentions", STATES)),
                is_settable=True,
            )
        ),
    ),
    (
        "Out",
        one(
            Fields(
                decl("Out"),
                (
                    ("last_hidden_state", TENSOR),
                    ("hidden_states", STATES),
                    ("attentions", STATES),
                    ("pooled", TENSOR),
                ),
                is_settable=True,
            )
        ),
    ),
    (
        "Own",
        one(
            Fields(
                decl("Own"), (("loss", join(TENSOR, NOTHING)),), is_settable=True, is_ordered=False
            )
        ),
    ),
]


@pytest.mark.parametrize(("annotation", "value"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_value(annotation: str, value: Value) -> None:
    assert read(annotation) == value
