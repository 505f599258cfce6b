"""Parts of a submodule whose class the source does not show."""

from __future__ import annotations

import pytest

from autohook_codegen import Fallback, Options, hook_source
from autohook_codegen.notes import NoteCode

BARE = Options(format=False)
HEAD = """
from torch import nn


class Net(nn.Module):
    def __init__(self, backbone, tokenizer, known: nn.Module):
        super().__init__()
        self.backbone = backbone
        self.tokenizer = tokenizer
        self.known = known
        self.fc = nn.Linear(4, 4)

    def forward(self, x):
"""

CALLED = [
    pytest.param("y = self.backbone.stem(x)\nreturn self.fc(y)", "self.backbone.stem", id="a part"),
    pytest.param(
        "for stage in self.backbone.stages:\n    x = stage(x)\nreturn self.fc(x)",
        "stage",
        id="each of its parts",
    ),
    pytest.param(
        "y = [one(x) for one in self.backbone.heads]\nreturn self.fc(sum(y))",
        "one",
        id="each of its parts, in a comprehension",
    ),
    pytest.param(
        "return self.fc(self.backbone.layers[0].norm(x))",
        "self.backbone.layers[0].norm",
        id="a part of a part",
    ),
    pytest.param("f = self.backbone.norm\nreturn self.fc(f(x))", "f", id="under a local name"),
    pytest.param(
        "for i, stage in enumerate(self.backbone.stages):\n    x = stage(x * i)\nreturn self.fc(x)",
        "stage",
        id="enumerate",
    ),
    pytest.param(
        "for y, stage in zip(x, reversed(self.backbone.stages)):\n"
        "    x = x + stage(y.mul(x))\nreturn self.fc(x)",
        "stage",
        id="zip",
    ),
    pytest.param(
        "for name, stage in self.backbone.named_children():\n    x = stage(x)\nreturn self.fc(x)",
        "stage",
        id="named_children",
    ),
    pytest.param(
        "stages = [self.backbone.stages[i] for i in range(3)]\n"
        "for stage in stages[1:]:\n    x = stage(x)\nreturn self.fc(x)",
        "stage",
        id="a list of them, sliced",
    ),
    pytest.param(
        "for stage in (self.backbone.stem, self.backbone.body):\n    x = stage(x)\nreturn self.fc(x)",
        "stage",
        id="a tuple of them",
    ),
]

NOT_CALLED = [
    pytest.param("return self.fc(self.backbone.forward_features(x))", id="a method by its name"),
    pytest.param("return self.fc(x * self.backbone.scale)", id="a field"),
    pytest.param("return self.fc(x[: self.backbone.steps(3)])", id="no tensor goes in"),
    pytest.param("self.backbone.note(x)\nreturn self.fc(x)", id="nothing comes out"),
    pytest.param("return self.fc(self.tokenizer.pad(x))", id="a tokenizer"),
    pytest.param(
        "for y, scale in zip(x, self.backbone.scales):\n    x = x + y.mul(scale)\nreturn self.fc(x)",
        id="another part of a zip",
    ),
    pytest.param("return self.fc(self.known.stem(x))", id="a module, which is hooked"),
]


def source(body: str) -> str:
    return HEAD + "".join(f"        {line}\n" for line in body.splitlines())


@pytest.mark.parametrize(("body", "called"), CALLED)
def test_a_part_that_is_called_has_a_note(body: str, called: str) -> None:
    hooked = hook_source(source(body), Options(format=False, fallback=Fallback.NEVER))
    (note,) = hooked.notes
    assert note.code == NoteCode.PART_UNKNOWN
    assert note.message.startswith(f"{called} may call a module of backbone")


@pytest.mark.parametrize(("body", "called"), CALLED)
def test_the_fallback_hooks_it(body: str, called: str) -> None:
    hooked = hook_source(source(body), BARE)
    assert "auto_hook(self)  # adds the hook points inside Net.backbone\n" in hooked.code
    assert hooked.notes == ()


@pytest.mark.parametrize("body", NOT_CALLED)
def test_what_is_no_call_of_a_module(body: str) -> None:
    hooked = hook_source(source(body), Options(format=False, fallback=Fallback.NEVER))
    assert not [one for one in hooked.notes if one.code == NoteCode.PART_UNKNOWN]


def test_one_note_for_a_submodule() -> None:
    body = "x = self.backbone.stem(x)\nreturn self.fc(self.backbone.norm(x))"
    hooked = hook_source(source(body), Options(format=False, fallback=Fallback.NEVER))
    assert [one.line for one in hooked.notes] == [14]


METHODS = ["named_parameters()", "state_dict()", "train(True)", "register_buffer('b', x)"]


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_every_module_has_is_no_submodule(method: str) -> None:
    body = f"kept = self.known.{method}, self.backbone.{method}\nreturn self.fc(x), kept"
    hooked = hook_source(source(body), Options(format=False, fallback=Fallback.NEVER))
    assert f"kept = self.known.{method}, self.backbone.{method}\n" in hooked.code
    assert hooked.notes == ()
