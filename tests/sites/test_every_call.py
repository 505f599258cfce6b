"""Every call: what `auto_hook` is told of calls that have no site, of modules that have one."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from autohook_codegen import hook_source, strip_source

CELL = """\
from torch import nn


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.{kind}(3, 3)

    def forward(self, x):
        {forward}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Cell() for _ in range(3)])

    def forward(self, x):
"""
FIRST = "return self.rnn(x)[0]"
STATE = "return self.rnn(x)[1][0]"
ROOTS = [
    pytest.param(
        FIRST,
        "return sum(out[0] for out in [layer.rnn(x) for layer in self.layers])",
        'auto_hook(self, every_call=["Cell.rnn_hook_point"])',
        "auto_hook(self) hooks it",
        id="a tuple in a list",
    ),
    pytest.param(
        FIRST,
        """
        layer = self.layers[0]
        out = layer.rnn(x)
        layer = self.layers[1]
        return layer(out[0])
        """,
        'auto_hook(self, every_call=["Cell.rnn_hook_point"])',
        "auto_hook(self) hooks it",
        id="the holder is bound anew",
    ),
    pytest.param(
        STATE,
        "return sum(out[0] for out in [layer.rnn(x) for layer in self.layers])",
        "self.setup()",
        "give the part that matters a name to have it hooked",
        id="another part than the first is hooked",
    ),
    pytest.param(
        "return self.rnn(x)[0] + self.rnn(x)[1][0]",
        "return sum(out[0] for out in [layer.rnn(x) for layer in self.layers])",
        "self.setup()",
        "give the part that matters a name to have it hooked",
        id="one part here and another there",
    ),
    pytest.param(
        "return x",
        "return sum(out[0] for out in [layer.rnn(x) for layer in self.layers])",
        "auto_hook(self)",
        "auto_hook(self) hooks it",
        id="no hook point in the source",
    ),
]


@pytest.mark.parametrize(("forward", "body", "ending", "advice"), ROOTS)
def test_what_auto_hook_is_told(forward: str, body: str, ending: str, advice: str) -> None:
    source = CELL.format(kind="LSTM", forward=forward) + indent(dedent(body), " " * 8) + "\n"
    hooked = hook_source(source)
    lines = [line.partition("  #")[0].strip() for line in hooked.code.splitlines()]
    assert ending in lines
    notes = (*hooked.notes, *hooked.left_to_fallback)
    assert any(one.message.endswith(advice) for one in notes)
    assert strip_source(hooked.code) == source
    assert hook_source(hooked.code).code == hooked.code


def test_a_call_outside_of_any_class() -> None:
    source = CELL.format(kind="GRU", forward=FIRST)
    source = source.replace(
        "self.layers =", "self.net = nn.Sequential(nn.ReLU())\n        self.layers ="
    )
    source = source.replace(
        "class Net", "def run(cell, x):\n    return [cell.rnn(x)][0][0]\n\n\nclass Net"
    )
    hooked = hook_source(source + "        return self.net(run(self.layers[0], x))\n")
    assert "auto_hook(self)  # adds the hook points inside Net.net" in hooked.code
    (note,) = (one for one in hooked.notes if one.code == "no-tensor")
    assert "auto_hook" not in note.message
