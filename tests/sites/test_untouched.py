"""What gets no hook point: the source comes back as it is."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.snippets import BARE, hooked_forward, model

FORWARDS = [
    pytest.param("return self.gelu(x)", id="a function"),
    pytest.param("return self.double(x)", id="a lambda"),
    pytest.param("return self.method(x)", id="a method"),
    pytest.param("return x * self.width", id="a number"),
    pytest.param("return self.outside(self, x)", id="an object that works for the module"),
    pytest.param("out = self.outside(x)\nreturn out[str(x.ndim)]", id="a field by a string"),
    pytest.param('return self.outside(x)[f"layer{x.ndim}"]', id="a field by an f-string"),
    pytest.param(
        'out = self.outside(x)\nreturn [out["layer" + str(one)] for one in range(2)]',
        id="fields in a comprehension",
    ),
    pytest.param(
        "with self.outside.autocast():\n    return x + 1",
        id="what an object of no class gives for nothing",
    ),
    pytest.param("x = self.outside.gather(x)\nreturn x", id="a method by its name"),
    pytest.param("return self.tokenizer(key)", id="a tokenizer"),
    pytest.param("return self.tokenizer.decode(x)", id="a tokenizer's method"),
    pytest.param("return x * self.mask", id="a buffer"),
    pytest.param("return F.gelu(x)", id="a call into torch"),
    pytest.param("return F.linear(x, x, self.unbiased.bias)", id="a bias that there is not"),
    pytest.param("return nn.Softmax(-1)(x)", id="a module made on the spot"),
    pytest.param("return x if self.bias is None else -x", id="is None"),
    pytest.param("return x if self.maybe is None else -x", id="module is None"),
    pytest.param("return x.to(self.W.dtype)", id="dtype"),
    pytest.param("return x.to(self.W.device)", id="device"),
    pytest.param("return x.view(self.W.shape)", id="shape"),
    pytest.param("return x.view(self.W.size(0), -1)", id="size"),
    pytest.param("return x * self.W.numel()", id="numel"),
    pytest.param("return x * self.W.dim()", id="dim"),
    pytest.param("return x if self.W.requires_grad else -x", id="requires_grad"),
    pytest.param("return x + self.W.data", id="data"),
    pytest.param("return self.W.grad", id="grad"),
    pytest.param("return x * len(self.b)", id="len of a parameter"),
    pytest.param("return x * len(self.layers)", id="len of a container"),
    pytest.param("return x if isinstance(self.b, nn.Parameter) else -x", id="isinstance"),
    pytest.param("return x if isinstance(self.fc, nn.Linear) else -x", id="isinstance of a module"),
    pytest.param('return x if hasattr(self, "fc") else -x', id="hasattr"),
    pytest.param("return x * self.fc.out_features", id="a module's number"),
    pytest.param("nn.init.zeros_(self.W)\nreturn x", id="nn.init"),
    pytest.param(
        "with torch.no_grad():\n    self.W /= self.W.norm(dim=-1, keepdim=True)\nreturn x",
        id="surgery under no_grad",
    ),
    pytest.param("with torch.no_grad():\n    self.W.copy_(x)\nreturn x", id="copy under no_grad"),
    pytest.param("self.W.data.clamp_(-1, 1)\nreturn x", id="surgery on the data"),
    pytest.param("self.W = nn.Parameter(x)\nreturn x", id="assignment target"),
    pytest.param("del self.W\nreturn x", id="del"),
    pytest.param('print(f"{self.fc(x)}")\nreturn x', id="inside an f-string"),
    pytest.param(
        "layers = []\nfor layer in self.layers:\n    layers.append(layer)\nreturn x",
        id="a loop that calls nothing",
    ),
    pytest.param("for layer in hs:\n    x = layer(x)\nreturn x", id="an argument's members"),
    pytest.param("return key(x)", id="an argument"),
    pytest.param("self.config.run(x)\nreturn x", id="a method of the configuration"),
    pytest.param("return x * self.config.scale", id="a number of the configuration"),
    pytest.param("self.fc.train()\nreturn x", id="train"),
    pytest.param("self.fc.requires_grad_(False)\nreturn x", id="requires_grad_"),
    pytest.param("self.layers.append(self.fc)\nreturn x", id="append of a module, never called"),
    pytest.param("return super().forward(x)", id="super"),
    pytest.param("return self.wrapper(x)", id="a tuple through another module"),
    pytest.param("return self.sometimes(x)", id="a module that may return None"),
    pytest.param("self.silent(x)\nreturn x", id="a module that returns nothing"),
    pytest.param("return x * self.counter(x)", id="a module that returns a number"),
    pytest.param("return self(x)", id="the module itself"),
]

MODULES = [
    pytest.param("x = 1\n", id="no module at all"),
    pytest.param("", id="empty"),
    pytest.param("# only a comment", id="no line end"),
    pytest.param(
        """
        from typing import Protocol


        class Layer(Protocol):
            def forward(self, x): ...

            def run(self, x):
                return self.forward(x)
        """,
        id="Protocol",
    ),
    pytest.param(
        """
        from abc import ABC


        class Layer(ABC):
            def forward(self, x):
                return self.fc(x)
        """,
        id="ABC alone",
    ),
    pytest.param(
        """
        from enum import Enum


        class Kind(Enum):
            A = 1

            def forward(self, x):
                return self.value(x)
        """,
        id="Enum",
    ),
    pytest.param(
        """
        from typing import Generic, TypeVar

        T = TypeVar("T")


        class Layer(Generic[T]):
            def forward(self, x):
                return self.fc(x)
        """,
        id="Generic alone",
    ),
    pytest.param(
        """
        class Layer(object):
            def forward(self, x):
                return self.fc(x)
        """,
        id="object alone",
    ),
    pytest.param(
        """
        class Layer:
            def forward(self, x):
                return self.fc(x)
        """,
        id="no base",
    ),
    pytest.param(
        """
        import torch


        class Round(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return ctx.fn(x)

            @staticmethod
            def backward(ctx, grad):
                return grad
        """,
        id="autograd.Function",
    ),
    pytest.param(
        """
        from torch.autograd import Function


        class Round(Function):
            def forward(self, x):
                return self.fn(x)
        """,
        id="imported Function",
    ),
    pytest.param(
        """
        from torch import nn


        class Stack(nn.Sequential):
            def __init__(self, width):
                super().__init__(nn.Linear(width, width))
                self.head = nn.Linear(width, width)

            def forward(self, x):
                return self.head(super().forward(x))
        """,
        id="subclass of Sequential",
    ),
    pytest.param(
        """
        from torch import nn


        class Layers(nn.ModuleList):
            def forward(self, x):
                for layer in self:
                    x = layer(x)
                return self[0](x)
        """,
        id="subclass of ModuleList",
    ),
    pytest.param(
        """
        from torch import nn


        class Layers(nn.ModuleDict):
            def forward(self, x):
                return self["a"](x)
        """,
        id="subclass of ModuleDict",
    ),
    pytest.param(
        """
        from torch import nn


        class Base(nn.Sequential):
            pass


        class Stack(Base):
            def __init__(self, width):
                super().__init__()
                self.fc = nn.Linear(width, width)

            def forward(self, x):
                return self.fc(x)
        """,
        id="subclass of a subclass of Sequential",
    ),
    pytest.param(
        """
        from torch import nn


        class Walker(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.fc = nn.Linear(width, width)

            def forward(self, x):
                for module in self.children():
                    x = module(x)
                return self.fc(x)
        """,
        id="children",
    ),
    pytest.param(
        """
        from torch import nn


        class Walker(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.fc = nn.Linear(width, width)

            def forward(self, x):
                for module in self._modules.values():
                    x = module(x)
                return self.fc(x)
        """,
        id="_modules",
    ),
    pytest.param(
        """
        from torch import nn


        class Walker(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.fc = nn.Linear(width, width)

            def named(self):
                return [name for name, _ in self.named_children()]

            def forward(self, x):
                return self.fc(x) * len(self.named())
        """,
        id="named_children",
    ),
    pytest.param(
        """
        from torch import nn


        class Net(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.fc = nn.Linear(width, width)
                self.fc(self.fc.weight)

            def init_weights(self, x):
                return self.fc(x)

            def __repr__(self):
                return str(self.fc(1))

            def forward(self, x):
                return x
        """,
        id="methods that forward does not reach",
    ),
    pytest.param(
        """
        from torch import nn


        class Features(nn.Module):
            def __init__(self, width):
                super().__init__()
                self.fc = nn.Linear(width, width)

            def forward(self, x):
                return self.fc(x)


        class Net(nn.Module):
            def __init__(self, width):
                super().__init__()
                net = Features(width)
                self.first = list(net.children())[:1]

            def forward(self, x):
                return x
        """,
        id="children taken by position",
    ),
]


@pytest.mark.parametrize("forward", FORWARDS)
def test_forwards(forward: str) -> None:
    assert hooked_forward(forward) == forward


def test_a_model_without_a_site_is_the_same_text() -> None:
    code = model("return x")
    assert hook_source(code, BARE).code == code


@pytest.mark.parametrize("code", MODULES)
def test_modules(code: str) -> None:
    code = dedent(code).lstrip("\n")
    assert hook_source(code, BARE).code == code


@pytest.mark.parametrize("code", MODULES[:11])
def test_without_a_module_not_even_a_root(code: str) -> None:
    code = dedent(code).lstrip("\n")
    hooked = hook_source(code, Options())
    assert hooked.code == code
    assert not hooked.has_module
