"""What expressions are, source line by source line, as mypy's `reveal_type` tables have it.

`reveal(…)` stands in a forward; behind it, as a comment, what its argument is.
"""

from __future__ import annotations

import ast
import re
from textwrap import dedent, indent

import pytest

from autohook_codegen.analysis.interpretation import interpret
from autohook_codegen.analysis.values import (
    Alternative,
    Attribute,
    Class,
    Fields,
    Function,
    Held,
    Item,
    Items,
    Member,
    Module,
    Parameter,
    Plain,
    Value,
)
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.program import Program
from autohook_codegen.library import makes_module

HEAD = """
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from functools import partial
import typing
from typing import cast

import torch
import torch.nn.functional as F
from fancy import ImageProcessor, ModelConfig
from torch import nn
from torch.distributions import Normal
from torch.utils.data import DataLoader


@dataclass
class Output:
    hidden: torch.Tensor
    pooled: torch.Tensor | None = None


class Results(OrderedDict):
    def __setattr__(self, name, value):
        self[name] = value


class Pair(nn.Module):
    def forward(self, x):
        return x.cos(), x.sin()


class Named(nn.Module):
    def forward(self, x) -> Output:
        return Output(x.cos())


class Abstract(nn.Module):
    def forward(self, x):
        raise NotImplementedError


class Holder(nn.Module):
    def __init__(self, width, part, act=None):
        super().__init__()
        self.part = part
        self.act = act

    def forward(self, x):
        return self.act(self.part(x))


class Square(Abstract):
    def forward(self, x):
        return x * x


def exists(value):
    return value is not None


def same(value):
    return value


def same_as_well(value, scale=1):
    return same(value)


def scaled(value, scale: float = 0.0):
    if scale == 0.0:
        return value
    return value * scale


class Through(nn.Module):
    def __init__(self, scale=None):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return scaled(x, self.scale)


through = Through(0.5)


def registered(function):
    KNOWN.append(function)
    return function


@registered
def listed(value):
    return [value]


@registered
def added(value):
    return value + 1.0


class Model(nn.Module):
    def __init__(self, width: int, kind: str, part, act=nn.ReLU, bias=False):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.pair = Pair()
        self.named = Named()
        self.act = act()
        self.part = part
        self.square = Square() if kind else Abstract()
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None
        self.W = nn.Parameter(torch.zeros(width, width))
        self.optional = nn.ParameterDict({"w": nn.Parameter(x) if bias else None})
        make = partial(Holder, width, act=nn.ReLU())
        self.holder = make(nn.Linear(width, width))
        self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(3)])
        self.heads = nn.ModuleDict({"a": nn.Linear(width, 2), "b": Pair()})
        self.steps = list(zip(self.layers, self.layers))
        self.mid = nn.Module()
        self.mid.block = nn.LayerNorm(width)
        self.fc.extra = nn.LayerNorm(width)
        self.series = nn.Sequential(nn.Linear(width, width))
        self.series.extra = nn.GELU()
        self.pool = nn.MaxPool1d(2, return_indices=True)
        self.rnn = nn.LSTM(width, width)
        self.filled = nn.ModuleList()
        for _ in range(2):
            self.filled.append(Pair())
        self.ends = nn.ModuleList()
        self.ends.append(nn.Linear(width, width))
        if bias:
            self.ends.append(Pair())
        self.ends.append(Square())
        self.open = nn.ModuleList()
        self.open.append(nn.Linear(width, width))
        self.open.append(Pair())
        self.pushed = nn.ModuleList()
        self.pushed.append(nn.Linear(width, width))
        self.pushed.append(Pair())
        self.looped = nn.ModuleList()
        for _ in range(2):
            self.looped.append(Pair())
        self.looped.append(Square())
        self.run = self.go

    def grow(self):
        self.open.append(Square())
        self.pushed.insert(0, Square())

    def go(self, x):
        return self.fc(x)

    def forward(self, x, flag=None):
"""

LINES = [
    pytest.param("reveal(self.fc)  # Linear at self.fc", id="a module of torch"),
    pytest.param("reveal(self.pair)  # Pair at self.pair", id="a module of the input"),
    pytest.param("reveal(self.act)  # ReLU at self.act", id="the default of an argument"),
    pytest.param("reveal(self.part)  # unknown at self.part", id="an argument"),
    pytest.param("reveal([y for y in DataLoader(x)][0])  # unknown", id="from a data loader"),
    pytest.param("reveal(Normal(x, x).rsample())  # unknown", id="drawn from a distribution"),
    pytest.param(
        "Ends = namedtuple('Ends', ['first', 'last']); reveal(Ends(self.fc, last=1))"
        "  # namedtuple(first=Linear at self.fc, last=number)",
        id="a named tuple that is made by a call",
    ),
    pytest.param(
        "reveal(namedtuple('Ends', 'first, last')(x, self.fc)[1])  # Linear at self.fc",
        id="an item of one",
    ),
    pytest.param(
        "same([x]); same(self.fc); reveal(same(self.pair))  # Pair at self.pair",
        id="what a function gives back as it got it",
    ),
    pytest.param(
        "same([x]); same(len); reveal((lambda y: y)(self.pair))  # Pair at self.pair",
        id="what a lambda gives back",
    ),
    pytest.param(
        "same_as_well(3); reveal(same_as_well(self.pair))  # Pair at self.pair",
        id="what a function gives back by way of another",
    ),
    pytest.param(
        "through(3); reveal(through(x * 2.0))  # tensor",
        id="what a module gives back by way of a function (timm's DropPath)",
    ),
    pytest.param(
        "registered(len); reveal(added(x))  # tensor",
        id="functions under one decorator",
    ),
    pytest.param("reveal(Normal(x, x).mean)  # unknown", id="of a distribution"),
    pytest.param("reveal(ImageProcessor()(x)['pixels'])  # unknown", id="what a processor gives"),
    pytest.param("reveal(ModelConfig().layers[0])  # number", id="of settings"),
    pytest.param("reveal(self.ends[0])  # Linear at self.ends[0]", id="the first that is added"),
    pytest.param("reveal(self.ends[-1])  # Square at self.ends[-1]", id="the last that is added"),
    pytest.param(
        "reveal(self.ends[1])  # Linear at self.ends[1] | Pair at self.ends[1] | Square at self.ends[1]",
        id="one between",
    ),
    pytest.param(
        "reveal(self.open[0])  # Linear at self.open[0]", id="the first of a list that grows"
    ),
    pytest.param(
        "reveal(self.open[-1])  # Pair at self.open[-1] | Square at self.open[-1]",
        id="the last of a list that another method adds to",
    ),
    pytest.param(
        "reveal(self.pushed[0])  # Linear at self.pushed[0] | Square at self.pushed[0]",
        id="the first of a list that another method inserts into",
    ),
    pytest.param(
        "reveal(self.looped[0])  # Pair at self.looped[0] | Square at self.looped[0]",
        id="the first of a list that a loop fills",
    ),
    pytest.param(
        "reveal(self.looped[-1])  # Square at self.looped[-1]", id="the last behind a loop"
    ),
    pytest.param(
        "reveal(self.square)  # Abstract at self.square | Square at self.square", id="a condition"
    ),
    pytest.param("reveal(self.fc(x))  # tensor", id="a call"),
    pytest.param("reveal(self.pair(x))  # (tensor, tensor)", id="a tuple"),
    pytest.param("reveal(self.pair(x)[1])  # tensor", id="an item of a tuple"),
    pytest.param(
        "one = self.pair(x) if flag else self.fc(x)\nreveal((self.fc(x),) + one[:1])  # (tensor, tensor)",
        id="what is added to a tuple is one (longt5)",
    ),
    pytest.param(
        "one = self.pair(x) if flag else self.fc(x)\nreveal(one + self.fc(x))  # tensor",
        id="what a tensor is added to is none",
    ),
    pytest.param(
        "one = (self.fc(x),) if flag else self.fc(x)\nreveal(one + self.fc(x))  # tensor",
        id="a sum with what may be a tuple",
    ),
    pytest.param("reveal(cast(torch.Tensor, self.fc(x)))  # tensor", id="what is only cast"),
    pytest.param(
        "reveal(typing.cast('nn.Module', self.heads['b']))  # Pair at self.heads['b']",
        id="a module that is cast",
    ),
    pytest.param(
        "reveal(self.named(x))  # Output(hidden=tensor, pooled=None | tensor)", id="fields"
    ),
    pytest.param("reveal(self.named(x).hidden)  # tensor", id="a field"),
    pytest.param("reveal(self.square(x))  # tensor", id="an abstract base says nothing"),
    pytest.param("reveal(self.bias)  # None | parameter at self.bias", id="an optional parameter"),
    pytest.param(
        "if self.bias is not None:\n    reveal(self.bias)  # parameter at self.bias",
        id="narrowed by is not None",
    ),
    pytest.param(
        "if exists(self.bias):\n    reveal(self.bias)  # parameter at self.bias",
        id="narrowed by a function of the input",
    ),
    pytest.param(
        "if flag or self.bias is not None:\n    reveal(self.bias)  # None | parameter at self.bias",
        id="not narrowed by one of two tests",
    ),
    pytest.param(
        "one = self.W if flag else self.fc\nif isinstance(one, torch.Tensor):\n"
        "    reveal(one)  # parameter at self.W",
        id="a tensor is no module",
    ),
    pytest.param(
        "one = self.W if flag else self.fc\nif not isinstance(one, torch.Tensor):\n"
        "    reveal(one)  # Linear at self.fc",
        id="a parameter is a tensor",
    ),
    pytest.param(
        "one = self.fc(x) if flag else [x]\nif not isinstance(one, torch.Tensor):\n"
        "    reveal(one)  # list",
        id="a tensor is no list",
    ),
    pytest.param(
        "one = self.W if flag else self.fc\nif torch.is_tensor(one):\n"
        "    reveal(one)  # parameter at self.W",
        id="a tensor, as a function asks for it",
    ),
    pytest.param(
        "one = self.act if flag else (lambda: x)\nif isinstance(one, nn.Module):\n"
        "    reveal(one)  # ReLU at self.act",
        id="a function is no module",
    ),
    pytest.param("reveal(self.W.T[0])  # parameter at self.W", id="views of a parameter"),
    pytest.param("reveal(x @ self.W)  # tensor", id="an operator"),
    pytest.param("w = self.W.t()\nreveal(w)  # parameter at self.W", id="a local name"),
    pytest.param("reveal(nn.init.zeros_(self.W))  # parameter at self.W", id="what is initialised"),
    pytest.param(
        "for layer in self.layers:\n    reveal(layer)  # Linear at self.layers[*]", id="a loop"
    ),
    pytest.param(
        "for i, layer in enumerate(self.layers):\n    reveal(i)  # number", id="a loop's number"
    ),
    pytest.param(
        "for a, (b, c) in zip(self.layers, self.steps):\n    reveal(c)  # Linear at self.layers[*]",
        id="a list that was zipped in __init__",
    ),
    pytest.param("reveal(self.heads['b'])  # Pair at self.heads['b']", id="an item by its key"),
    pytest.param("reveal(self.heads.a)  # Linear at self.heads.a", id="an item by its name"),
    pytest.param(
        "part = slice(0, x.shape[0])\nfor one in self.layers[part]:\n"
        "    reveal(one)  # Linear at self.layers[*]",
        id="a slice under a name",
    ),
    pytest.param("reveal(self.mid.block)  # LayerNorm at self.mid.block", id="a bag"),
    pytest.param(
        "reveal(self.fc.extra)  # LayerNorm at self.fc.extra", id="what is set on a torch module"
    ),
    pytest.param(
        "reveal(self.series.extra)  # GELU at self.series.extra", id="what is set on a Sequential"
    ),
    pytest.param("reveal(self.pool(x))  # (tensor, tensor)", id="what an argument decides"),
    pytest.param("reveal(self.rnn(x))  # (tensor, (tensor, tensor))", id="a recurrent layer"),
    pytest.param("reveal(x.chunk(2))  # tuple of tensor", id="a method with several results"),
    pytest.param("reveal(torch.split(x, 2))  # tuple of tensor", id="a function with several"),
    pytest.param(
        "reveal(torch.split(self.bias, 2))  # tuple of parameter at self.bias",
        id="parts of a parameter that may be None",
    ),
    pytest.param("reveal(x.shape)  # number", id="a fact"),
    pytest.param("reveal(torch.stack([x, x])[0])  # tensor", id="an item of a tensor"),
    pytest.param("reveal(self.filled[0])  # Pair at self.filled[0]", id="filled in a loop"),
    pytest.param("reveal(self.run(x))  # tensor", id="a method in an attribute"),
    pytest.param("reveal(same(self.fc))  # Linear at self.fc", id="handed in and given back"),
    pytest.param("reveal((fc := self.fc))  # Linear at self.fc", id="a walrus"),
    pytest.param(
        "match self.bias:\n    case None:\n        pass\n    case bias:\n"
        "        reveal(bias)  # None | parameter at self.bias",
        id="a match",
    ),
    pytest.param(
        "states = ()\nfor _ in range(2):\n    states = states + (x,)\nreveal(states)  # tuple of unknown",
        id="a tuple that grows in a loop",
    ),
    pytest.param(
        "reveal(self.get_submodule('mid.block'))  # LayerNorm at self.mid.block", id="a path"
    ),
    pytest.param(
        "reveal(self.optional['w'])  # None | parameter at self.optional['w']",
        id="a member of a ParameterDict that may be None",
    ),
    pytest.param(
        "reveal(self.holder.part)  # Linear at self.holder.part | unknown at self.holder.part",
        id="what the partial of a class is called with",
    ),
    pytest.param(
        "reveal(self.holder.act)  # None | ReLU at self.holder.act | unknown at self.holder.act",
        id="what the partial of a class is made with",
    ),
    pytest.param(
        "reveal(self.holder(x))  # tensor | unknown", id="the instance of the partial of a class"
    ),
    pytest.param(
        "reveal(torch.max(x, -1))  # _ValuesAndIndices(values=tensor, indices=tensor)",
        id="the largest along a dimension",
    ),
    pytest.param(
        "reveal(torch.max(self.fc(x), self.act(x)))  # tensor", id="the larger of two tensors"
    ),
    pytest.param("reveal(torch.where(x > 0, x, self.fc(x)))  # tensor", id="a choice by numbers"),
    pytest.param(
        "y = self.fc(x); reveal(self.fc(x).min(y))  # tensor", id="the smaller of two tensors"
    ),
    pytest.param("reveal(x.type(self.kind))  # tensor", id="a cast to what may be no type"),
    pytest.param(
        """
        def parts(more):
            if more > 2:
                return torch.ones(1), None, 1, torch.ones(1)
            if more > 1:
                return torch.ones(1), None, 1
            return torch.ones(1), 1

        reveal(parts(len(x)))  # (tensor, None | number, any of number | tensor)
        """,
        id="tuples of three lengths",
    ),
    pytest.param(
        """
        def made(part):
            return part() if not isinstance(part, nn.Module) and callable(part) else part

        made(2)
        reveal(made(nn.ReLU))  # ReLU | number
        """,
        id="what is called if it can be, and is no module",
    ),
    pytest.param(
        """
        def made(part):
            if callable(part):
                return part()
            return part

        reveal(made(lambda: self.fc(x)))  # tensor
        """,
        id="what can be called, and what cannot",
    ),
    pytest.param("reveal(F.relu)  # unknown", id="a function of torch"),
    pytest.param("reveal(OrderedDict())  # OrderedDict()", id="a dict of Python's"),
    pytest.param(
        "out = Results(); out['a'] = x; reveal(out['a'])  # unknown",
        id="an item of a class that is a dict",
    ),
    pytest.param("reveal(Results())  # Results()", id="an instance of a class that is a dict"),
]


@pytest.mark.parametrize("lines", LINES)
def test_values(lines: str) -> None:
    source = HEAD + indent(dedent(lines), " " * 8) + "\n        return x\n"
    trace = interpret(Program({"model.py": ast.parse(source)}, makes_module))
    expected = re.findall(r"reveal\(.*?\)  # (.+)$", source, re.MULTILINE)
    revealed = [
        worded(function.values[node.args[0]])
        for function in trace.functions.values()
        for node in function.values
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "reveal"
    ]
    assert revealed == expected


def worded(value: Value) -> str:
    return " | ".join(sorted({_one(one) for one in value})) or "not reached"


def _one(one: Alternative) -> str:
    match one:
        case Module(cls=cls, held=held):
            return _name(cls) + _way(held)
        case Parameter(held=held):
            return "parameter" + _way(held)
        case Items(kind="tuple", first=first, rest=rest):
            if rest and not first:
                return f"tuple of {worded(rest)}"
            more = (f"any of {worded(rest)}",) if rest else ()
            return f"({', '.join((*map(worded, first), *more))})"
        case Items(kind=kind) | Class(cls=kind):
            return _name(kind)
        case Fields(kind=kind, fields=fields):
            inside = ", ".join(f"{name}={worded(value)}" for name, value in fields)
            return f"{_name(kind)}({inside})"
        case Plain():
            return "number"
        case Function():
            return "function"
    held = getattr(one, "held", None)
    return {"Nothing": "None"}.get(type(one).__name__, type(one).__name__.lower()) + _way(held)


def _name(cls: object) -> str:
    return cls.name if isinstance(cls, ClassDecl) else str(cls).rsplit(".", 1)[-1]


def _way(held: Held | None) -> str:
    if held is None:
        return ""
    text = held.root.arg
    for step in held.steps:
        match step:
            case Attribute(name):
                text += f".{name}"
            case Item(key):
                text += f"[{key!r}]"
            case Member():
                text += "[*]"
    return f" at {text}"
