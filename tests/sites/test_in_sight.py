"""In sight: a hook point is reached by names that mean at the site what they meant at the read."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from autohook_codegen import hook_source

CELL = """\
from torch import nn
import torch


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 3))
        self.rnn = nn.GRU(3, 3)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Cell() for _ in range(3)])

    def forward(self, x):
"""

PARAMETERS = [
    pytest.param(
        """
        layer = self.layers[0]
        w = layer.weight
        layer = self.layers[1]
        return x @ w
        """,
        "w = layer.weight_hook_point(layer.weight)",
        id="a name that is bound anew",
    ),
    pytest.param(
        """
        weights = [layer.weight for layer in self.layers]
        return sum([x @ weight for weight in weights])
        """,
        "weights = [layer.weight_hook_point(layer.weight) for layer in self.layers]",
        id="the variable of a comprehension",
    ),
    pytest.param(
        """
        i = 0
        w = self.layers[i].weight
        i += 1
        return x @ w
        """,
        "w = self.layers[i].weight_hook_point(self.layers[i].weight)",
        id="an index that is counted up",
    ),
    pytest.param(
        """
        prev = None
        for layer in self.layers:
            if prev is not None:
                x = x @ prev
            prev = layer.weight
        return x
        """,
        "prev = layer.weight_hook_point(layer.weight)",
        id="of the round before",
    ),
    pytest.param(
        """
        for layer in self.layers:
            if layer.weight.shape[0] > 3:
                continue
            w = layer.weight
        return x @ w
        """,
        "w = layer.weight_hook_point(layer.weight)",
        id="of some round",
    ),
    pytest.param(
        """
        for layer in self.layers:
            w = layer.weight
        return x @ w
        """,
        "return layer.weight_hook_point(x @ w)",
        id="of the last round, as its holder is",
    ),
    pytest.param(
        """
        if x.shape[0] > 3:
            layer = self.layers[0]
            w = layer.weight
        else:
            layer = self.layers[1]
            w = x
        return x @ w
        """,
        "w = layer.weight_hook_point(layer.weight)",
        id="bound in the other arm",
    ),
    pytest.param(
        """
        layer = self.layers[0]
        w = layer.weight
        rows = [layer for layer in x]
        return x @ w + len(rows)
        """,
        "return layer.weight_hook_point(x @ w) + len(rows)",
        id="another name of a comprehension's own",
    ),
]


@pytest.mark.parametrize(("body", "line"), PARAMETERS)
def test_of_a_parameter_the_value_is_hooked_where_its_holder_is_in_sight(
    body: str, line: str
) -> None:
    hooked = hook_source(CELL + indent(dedent(body), " " * 8)).code
    lines = [one.strip() for one in hooked.splitlines() if "weight_hook_point(" in one]
    assert lines == [line]


RESULTS = [
    pytest.param(
        """
        layer = self.layers[0]
        out = layer.rnn(x)
        layer = self.layers[1]
        return out[0]
        """,
        [],
        ["out-of-sight"],
        id="a name that is bound anew",
    ),
    pytest.param(
        """
        i = 0
        out = self.layers[i].rnn(x)
        i += 1
        return out[0]
        """,
        [],
        ["out-of-sight"],
        id="an index that is counted up",
    ),
    pytest.param(
        """
        i = 0
        out = self.layers[i].rnn(x)
        x = out[0]
        i += 1
        return x
        """,
        ["x = self.layers[i].rnn_hook_point(out[0])"],
        [],
        id="counted up behind it",
    ),
]


@pytest.mark.parametrize(("body", "lines", "notes"), RESULTS)
def test_of_a_result_the_part_is_hooked_where_its_module_is_in_sight(
    body: str, lines: list[str], notes: list[str]
) -> None:
    hooked = hook_source(CELL + indent(dedent(body), " " * 8))
    found = [one.strip() for one in hooked.code.splitlines() if "rnn_hook_point(" in one]
    assert found == lines
    assert [str(note.code) for note in (*hooked.notes, *hooked.left_to_fallback)] == notes
