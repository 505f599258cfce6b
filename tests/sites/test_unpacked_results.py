"""Results that an assignment takes apart: the part that is hooked, in a statement behind it."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autohook_codegen import hook_source
from tests.sites.snippets import BARE, hooked_forward, module

PAIRS = [
    pytest.param(
        """
        a, b = self.pair(x)
        return a + b
        """,
        """
        a, b = self.pair(x)
        a = self.pair_hook_point(a)
        return a + b
        """,
        id="unpacked",
    ),
    pytest.param(
        """
        _, b = self.pair(x)
        return b
        """,
        """
        _, b = self.pair(x)
        b = self.pair_hook_point(b)
        return b
        """,
        id="first is an underscore",
    ),
    pytest.param(
        """
        a, b = self.pair(x)
        return b
        """,
        """
        a, b = self.pair(x)
        b = self.pair_hook_point(b)
        return b
        """,
        id="first is never read",
    ),
    pytest.param(
        """
        (a, b) = self.pair(x)  # two
        return a
        """,
        """
        (a, b) = self.pair(x)  # two
        a = self.pair_hook_point(a)
        return a
        """,
        id="in parentheses, with a comment",
    ),
    pytest.param(
        """
        x, (h, c) = self.lstm(x)
        return x
        """,
        """
        x, (h, c) = self.lstm(x)
        x = self.lstm_hook_point(x)
        return x
        """,
        id="LSTM",
    ),
    pytest.param(
        """
        _, (h, c) = self.lstm(x)
        return h[-1]
        """,
        """
        _, (h, c) = self.lstm(x)
        h = self.lstm_hook_point(h)
        return h[-1]
        """,
        id="LSTM, only its state",
    ),
    pytest.param(
        """
        a, _ = self.attn(x, x, x); y = a + 1
        return y
        """,
        """
        a, _ = self.attn(x, x, x); a = self.attn_hook_point(a); y = a + 1
        return y
        """,
        id="semicolon",
    ),
    pytest.param(
        """
        if self.training: x, _ = self.attn(x, x, x)
        return x
        """,
        """
        if self.training: x, _ = self.attn(x, x, x); x = self.attn_hook_point(x)
        return x
        """,
        id="on the line of the if",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_pairs(before: str, after: str) -> None:
    assert hooked_forward(before) == dedent(after).strip("\n")


ANNOTATED = """
import torch
from torch import nn


class Attention(nn.Module):
    def __init__(self, processor):
        super().__init__()
        self.processor = processor

    def forward(self, x) -> torch.Tensor:
        return self.processor(self, x)


class Net(nn.Module):
    def __init__(self, processor):
        super().__init__()
        self.attn = Attention(processor)

    def forward(self, x):
        {statement}
        return a
"""


@pytest.mark.parametrize(
    ("statement", "is_hooked"), [("a, b = self.attn(x)", False), ("a = self.attn(x)", True)]
)
def test_an_annotation_alone_is_no_proof_of_a_tensor(statement: str, is_hooked: bool) -> None:
    """The attention of diffusers says that it gives a tensor, and gives two to some blocks."""
    hooked = hook_source(ANNOTATED.replace("{statement}", statement), BARE)
    assert ("self.attn_hook_point(self.attn(x))" in hooked.code) == is_hooked
    assert (f"        {statement}\n" in hooked.code) != is_hooked


def test_a_tuple_that_goes_round_a_loop() -> None:
    """A module that is handed a tuple gives one back under the same name (FrEIA)."""
    source = module(
        """
        self.flow = build(config)
        --
        if torch.is_tensor(x):
            x = (x,)
        for _ in range(3):
            x, log = self.flow(x)
        return x[0]
        """
    )
    hooked = hook_source(source, BARE)
    assert hooked.code == source
    assert [note.code for note in hooked.notes] == ["unclear-result"]
