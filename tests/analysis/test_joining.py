"""How values are kept small, so that the interpretation comes to an end."""

from __future__ import annotations

import ast

from hypothesis import example, given
from hypothesis import strategies as st

from autohook_codegen.analysis.interpretation import interpret
from autohook_codegen.analysis.joining import DEEPEST, bounded, depth, join
from autohook_codegen.analysis.values import (
    NOTHING,
    PLAIN,
    TENSOR,
    UNKNOWN,
    Fields,
    Items,
    Origin,
    Plain,
    Tensor,
    Unknown,
    Value,
)
from autohook_codegen.declares.program import Program
from autohook_codegen.library import makes_module

SOURCE = """
from typing import NamedTuple

import torch
from torch import nn


class Pair(NamedTuple):
    left: torch.Tensor
    right: torch.Tensor


class Inner(nn.Module):
    def forward(self, x, y=None):
        if isinstance(x, tuple):
            x, y = x
            return Pair(x, self(x, y))
        if y is not None:
            return Pair(y, x)
        return Pair(x, Pair(x, x))


class Outer(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        for _ in range(3):
            x = self.inner(Pair(x, self.inner(x)))
        return x
"""

HERE, THERE = Origin(ast.Pass()), Origin(ast.Pass())
LEAVES = st.sampled_from(
    [
        TENSOR,
        PLAIN,
        NOTHING,
        UNKNOWN,
        frozenset({Tensor(HERE)}),
        frozenset({Tensor(THERE)}),
        frozenset({Unknown(HERE)}),
        frozenset({Plain(1)}),
    ]
)


def nested(levels: int, innermost: Value) -> Value:
    """Lists in lists, deeper than what is kept of them."""
    value: Value = frozenset({Items("tuple", (frozenset({Items("tuple", (TENSOR,))}), innermost))})
    for _ in range(levels - 2):
        value = frozenset({Items("list", (), value)})
    return value


VALUES: st.SearchStrategy[Value] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: frozenset({Items("tuple", two)})),
        inner.map(lambda one: frozenset({Items("list", (), one)})),
        inner.map(lambda one: frozenset({Fields("dict", (("a", one),), one)})),
        st.tuples(inner, inner).map(lambda two: join(*two)),
        st.tuples(inner, inner).map(lambda two: two[0] | two[1]),
    ),
    max_leaves=40,
)


@given(VALUES, VALUES)
def test_bounded(value: Value, other: Value) -> None:
    kept = bounded(value)
    assert depth(kept) <= DEEPEST
    assert bounded(kept) == kept
    # what was left out takes in what comes there later
    both = bounded(join(kept, other))
    assert bounded(join(both, value)) == bounded(join(both, kept))


@given(VALUES, VALUES, VALUES)
@example(TENSOR, TENSOR | frozenset({Tensor(HERE)}), frozenset({Tensor(THERE)}))
@example(TENSOR, TENSOR, nested(6, TENSOR | frozenset({Tensor(HERE)})))
def test_what_was_written_before_changes_nothing(first: Value, second: Value, third: Value) -> None:
    """Else two statements that write to one cell would call for each other without an end."""
    kept = bounded(join(bounded(join(bounded(join(first)), second)), third))
    assert bounded(join(kept, second)) == kept
    assert bounded(join(kept, third)) == kept


def test_what_nests_in_itself() -> None:
    trace = interpret(Program({"nested.py": ast.parse(SOURCE)}, makes_module), ())
    values = [one for function in trace.functions.values() for one in function.values.values()]
    assert 1 < max(map(depth, values)) <= DEEPEST + 1
