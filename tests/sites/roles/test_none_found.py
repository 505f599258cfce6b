"""What is said of a file in which no value has a role."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.roles.sources import ACTIVATIONS, module

INIT = """
self.fc = nn.Linear(width, width)
self.other = nn.Linear(width, width)
self.outside = build(width)
"""
HELPERS = "from elsewhere import build"
NONE = [
    pytest.param(
        "return self.fc(x)", "nothing is added to what it was computed from", id="a layer"
    ),
    pytest.param("return self.fc(x).softmax(-1) * x", "the softmax in line", id="a gate"),
    pytest.param(
        "return self.outside(x)", "the class of self.outside is not in the input", id="unknown"
    ),
]
FOUND = [
    pytest.param("return x + self.fc(x)", id="a sum on the stream"),
    pytest.param("return self.other(self.fc(x).relu())", id="a perceptron"),
    pytest.param("return (x @ x.mT).softmax(-1) @ x", id="attention"),
]


def reasons(forward: str) -> list[str]:
    notes = hook_source(module(f"{INIT}--\n{forward}", HELPERS), ACTIVATIONS).notes
    return [str(one) for one in notes if one.code == "no-roles"]


@pytest.mark.parametrize(("forward", "reason"), NONE)
def test_reasons(forward: str, reason: str) -> None:
    (note,) = reasons(forward)
    assert reason in note


@pytest.mark.parametrize("forward", FOUND)
def test_no_note(forward: str) -> None:
    assert not reasons(forward)
