"""Walks over children: with some, a class keeps its hook points; with others a hook point among the
children would be called, counted or asked what it does not know."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from autohook_codegen import hook_source
from tests.sites.snippets import BARE

HEAD = """\
import torch
from torch import nn
from torch.nn import Conv2d, Module
from torch.nn.modules.batchnorm import _NormBase


class Norm(nn.Module):
    def forward(self, x):
        return x


class Net(nn.Module):
    def __init__(self, frozen, skipped):
        super().__init__()
        self.frozen = frozen
        self.skipped = skipped
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)

    def freeze(self, module, training=False):
        '''All but the head.'''
        if isinstance(module, Conv2d):
            module.weight.requires_grad = False
        module.train(training)

    def walk(self, mode):
"""

HARMLESS = [
    pytest.param(
        """
        for name, module in self.named_children():
            # skip encoder if it is frozen
            if self.frozen and name == "encoder":
                continue
            module.train(mode)
        """,
        id="train, but for one (segmentation-models-pytorch)",
    ),
    pytest.param("for child in self.children():\n    child.eval()", id="eval"),
    pytest.param("for child in self.children():\n    child.training = mode", id="training"),
    pytest.param("for child in self._modules.values():\n    child.train(mode)", id="_modules"),
    pytest.param(
        "for name, child in self._modules.items():\n    if name not in self.skipped:\n        child.eval()",
        id="items of _modules",
    ),
    pytest.param('self._modules.pop("processor")', id="one child by its name"),
    pytest.param('return "act" in self._modules', id="whether there is a child of that name"),
    pytest.param(
        """
        for child in self.children():
            if isinstance(child, nn.Conv2d):
                nn.init.zeros_(child.weight)
            elif isinstance(child, (_NormBase, Norm)):
                child.eps = 1e-3
        """,
        id="asks for classes that no hook point is of",
    ),
    pytest.param(
        """
        for child in self.children():
            if not isinstance(child, nn.Linear | Conv2d):
                continue
            child.reset_parameters()
            break
        """,
        id="goes on where it is none of these classes",
    ),
    pytest.param(
        """
        for child in self.children():
            if mode and isinstance(child, nn.Linear):
                return child
        """,
        id="the first of a class",
    ),
    pytest.param(
        "return [child for child in self.children() if isinstance(child, nn.Linear)]",
        id="a list of those of a class",
    ),
    pytest.param(
        """
        def recurse(name, module, processors):
            if hasattr(module, "get_processor"):
                processors[name] = module.get_processor()
            for key, child in module.named_children():
                recurse(f"{name}.{key}", child, processors)
            return processors

        processors = {}
        for name, module in self.named_children():
            recurse(name, module, processors)
        return processors
        """,
        id="a function that calls itself, for those that have a method (diffusers)",
    ),
    pytest.param(
        """
        def recurse(module):
            if hasattr(module, "set_flash"):
                module.set_flash(mode)
            for child in module.children():
                recurse(child)

        for module in self.children():
            if isinstance(module, nn.Module):
                recurse(module)
        """,
        id="handed on where it is any module",
    ),
    pytest.param(
        """
        def find(name, module):
            if hasattr(module, "_deprecated") and module._deprecated:
                self.skipped.append(name)
            for key, child in module.named_children():
                key = key if name == "" else f"{name}.{key}"
                find(key, child)

        find("", self)
        """,
        id="asked for what it has, under a name that is put together",
    ),
    pytest.param(
        "for child in self.children():\n    self.freeze(child)", id="by a method (freeze)"
    ),
]

HARMFUL = [
    pytest.param("for child in self.children():\n    mode = child(mode)", id="calls"),
    pytest.param(
        "for child in self.children():\n    if isinstance(child, Module):\n        mode = child(mode)",
        id="a class that every hook point is of",
    ),
    pytest.param(
        "for child in self.children():\n    if isinstance(child, mode):\n        mode = child(mode)",
        id="a class that the source does not name",
    ),
    pytest.param(
        "for child in self.children():\n    if not isinstance(child, nn.Conv2d):\n        mode = child(mode)",
        id="all but a class",
    ),
    pytest.param(
        "for child in self.children():\n    if mode or isinstance(child, nn.Conv2d):\n        mode = child(mode)",
        id="a class, or all",
    ),
    pytest.param("for child in self.children():\n    mode += 1", id="counts"),
    pytest.param("for child in self.children():\n    child.eval()\n    break", id="the first one"),
    pytest.param("return self._modules[mode]", id="a child by any name"),
    pytest.param("for child in self.children():\n    child.reset()", id="no module's method"),
    pytest.param(
        "for child in self.children():\n    if child.is_head:\n        child.eval()",
        id="an attribute that a hook point lacks",
    ),
    pytest.param(
        "for name, child in self.named_children():\n    if self.skipped[name]:\n        child.eval()",
        id="an item that no hook point has",
    ),
    pytest.param(
        "for i, child in enumerate(self.children()):\n    child.train(i > 2)", id="their places"
    ),
    pytest.param("return [child for child in self.children()]", id="a list of all"),
    pytest.param("return list(super().children())[mode]", id="by what a base has"),
    pytest.param("return super().children", id="the method itself (torchaudio)"),
    pytest.param(
        "for child in self.children():\n    child.eval()\nelse:\n    mode = 1",
        id="a loop with else",
    ),
    pytest.param(
        """
        def recurse(module, found):
            found.append(module)
            for child in module.children():
                recurse(child, found)

        for module in self.children():
            recurse(module, self.skipped)
        """,
        id="a function that lists them",
    ),
    pytest.param(
        "def call(module):\n    return module(mode)\n\nfor child in self.children():\n    mode = call(child)",
        id="a function that calls",
    ),
    pytest.param(
        "for child in self.children():\n    if hasattr(child, 'name'):\n        child.reset()",
        id="an attribute that a hook point has",
    ),
    pytest.param(
        "for child in self.children():\n    if hasattr(child, '_parameters'):\n        child.reset()",
        id="an attribute that every module has",
    ),
    pytest.param("for child in self.children():\n    mode(child)", id="what is not known"),
    pytest.param(
        "n = 0\nfor name, child in self.named_children():\n    n = n + 1", id="a number of them"
    ),
]


def walking(walk: str) -> str:
    return HEAD + indent(dedent(walk).strip("\n"), " " * 8) + "\n"


@pytest.mark.parametrize("walk", HARMLESS)
def test_harmless(walk: str) -> None:
    assert "self.fc_hook_point(self.fc(x))" in hook_source(walking(walk), BARE).code


@pytest.mark.parametrize("walk", HARMFUL)
def test_harmful(walk: str) -> None:
    hooked = hook_source(walking(walk), BARE)
    assert hooked.code == walking(walk)
    assert "own-children" in {note.code for note in hooked.notes}


@pytest.mark.parametrize(("done", "is_hooked"), [("child.eval()", True), ("child(1)", False)])
def test_from_outside(done: str, is_hooked: bool) -> None:
    holder = f"""

class Holder(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = Net(False, ())
        for child in self.net.children():
            {done}
"""
    source = walking("pass") + holder
    assert ("self.fc_hook_point(self.fc(x))" in hook_source(source, BARE).code) == is_hooked
