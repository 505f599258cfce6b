"""Results that are no tensor: which part of them is hooked, and where."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.sites.snippets import hooked_forward

PAIRS = [
    pytest.param(
        """
        out = self.pair(x)
        return out[1]
        """,
        """
        out = self.pair(x)
        return self.pair_hook_point(out[1])
        """,
        id="item read once",
    ),
    pytest.param(
        """
        out = self.pair(x)
        return out[0] + out[0].mean()
        """,
        """
        out = self.pair(x)
        out = (self.pair_hook_point(out[0]), *out[1:])
        return out[0] + out[0].mean()
        """,
        id="item read twice",
    ),
    pytest.param(
        """
        out = self.pair(x)
        return out[1] + out[1].mean()
        """,
        """
        out = self.pair(x)
        out = (*out[:1], self.pair_hook_point(out[1]), *out[2:])
        return out[1] + out[1].mean()
        """,
        id="second item read twice",
    ),
    pytest.param(
        """
        out = self.pair(x)
        return plain(x, out)
        """,
        """
        out = self.pair(x)
        out = (self.pair_hook_point(out[0]), *out[1:])
        return plain(x, out)
        """,
        id="passed on whole",
    ),
    pytest.param(
        """
        out = self.pair(x)
        return out
        """,
        """
        out = self.pair(x)
        out = (self.pair_hook_point(out[0]), *out[1:])
        return out
        """,
        id="returned whole",
    ),
    pytest.param(
        """
        out = self.annotated(x)
        return plain(x, out)
        """,
        """
        out = self.annotated(x)
        out = (self.annotated_hook_point(out[0]), *out[1:])
        return plain(x, out)
        """,
        id="a tuple by its annotation, passed on whole",
    ),
    pytest.param(
        """
        out = self.outside(x)
        return out.last_hidden_state
        """,
        """
        out = self.outside(x)
        return self.outside_hook_point(out.last_hidden_state)
        """,
        id="a field of an unknown class, read once",
    ),
    pytest.param(
        """
        out = self.outside(x)
        return out.last_hidden_state + out.last_hidden_state.mean()
        """,
        """
        out = self.outside(x)
        return self.outside_hook_point(out.last_hidden_state) + self.outside_hook_point(out.last_hidden_state).mean()
        """,
        id="a field of an unknown class, read twice",
    ),
    pytest.param(
        """
        return self.outside(x).last_hidden_state
        """,
        """
        return self.outside_hook_point(self.outside(x).last_hidden_state)
        """,
        id="a field of an unknown class, read at once",
    ),
    pytest.param(
        """
        out = None
        if out is None:
            out = self.pair(x)
        return out[0]
        """,
        """
        out = None
        if out is None:
            out = self.pair(x)
            out = (self.pair_hook_point(out[0]), *out[1:])
        return out[0]
        """,
        id="made only where it is missing",
    ),
    pytest.param(
        """
        out = self.attn(x, x, x)
        x = x + out[0]
        out = self.lstm(x)
        return out[0]
        """,
        """
        out = self.attn(x, x, x)
        x = x + self.attn_hook_point(out[0])
        out = self.lstm(x)
        return self.lstm_hook_point(out[0])
        """,
        id="one name for two results",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_pairs(before: str, after: str) -> None:
    assert hooked_forward(before) == dedent(after).strip("\n")


@pytest.mark.parametrize(
    "forward",
    [
        "return self.pair(x)",
        "return plain(*self.pair(x))",
        "return self.annotated(x)",
        "self.pair(x)\nreturn x",
        "return [self.pair(h) for h in hs]",
    ],
)
def test_a_tuple_that_has_no_name_is_left_alone(forward: str) -> None:
    assert hooked_forward(forward) == forward
