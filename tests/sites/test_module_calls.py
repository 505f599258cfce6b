"""Module calls: the statements of a forward, before and after."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autohook_codegen import hook_source
from autohook_codegen.notes import NoteCode
from tests.sites.snippets import hooked_forward

EXPRESSIONS = [
    ("self.fc(x)", "self.fc_hook_point(self.fc(x))"),
    ("self.fc(x, key=1)", "self.fc_hook_point(self.fc(x, key=1))"),
    ("(self.fc(x))", "(self.fc_hook_point(self.fc(x)))"),
    ("self.fc(x).relu()", "self.fc_hook_point(self.fc(x)).relu()"),
    ("-self.fc(x)", "-self.fc_hook_point(self.fc(x))"),
    ("x + self.fc(x) * 2", "x + self.fc_hook_point(self.fc(x)) * 2"),
    (
        "self.norm(self.fc(x))",
        "self.norm_hook_point(self.norm(self.fc_hook_point(self.fc(x))))",
    ),
    ("self.fc(self.fc(x))", "self.fc_hook_point(self.fc(self.fc_hook_point(self.fc(x))))"),
    (
        "self.fc(x), self.norm(x)",
        "self.fc_hook_point(self.fc(x)), self.norm_hook_point(self.norm(x))",
    ),
    ("self.fc.forward(x)", "self.fc_hook_point(self.fc.forward(x))"),
    ("self.fc.__call__(x)", "self.fc_hook_point(self.fc.__call__(x))"),
    ('getattr(self, "fc")(x)', 'self.fc_hook_point(getattr(self, "fc")(x))'),
    ("checkpoint(self.fc, x)", "self.fc_hook_point(checkpoint(self.fc, x))"),
    (
        "checkpoint(self.fc.forward, x, use_reentrant=False)",
        "self.fc_hook_point(checkpoint(self.fc.forward, x, use_reentrant=False))",
    ),
    (
        "torch.utils.checkpoint.checkpoint(self.fc, x)",
        "self.fc_hook_point(torch.utils.checkpoint.checkpoint(self.fc, x))",
    ),
    (
        "checkpoint(lambda y: self.fc(y), x)",
        "checkpoint(lambda y: self.fc_hook_point(self.fc(y)), x)",
    ),
    (
        "self.mlp.down(self.mlp.up(x))",
        "self.mlp_down_hook_point(self.mlp.down(self.mlp_up_hook_point(self.mlp.up(x))))",
    ),
    ("self.part.inner(x)", "self.part_inner_hook_point(self.part.inner(x))"),
    ('self.heads["a"](x)', 'self.heads_hook_points["a"](self.heads["a"](x))'),
    ("self.heads[key](x)", "self.heads_hook_points[key](self.heads[key](x))"),
    ("self.layers[0](x)", "self.layers_hook_points[0](self.layers[0](x))"),
    ("self.layers[-1](x)", "self.layers_hook_points[-1](self.layers[-1](x))"),
    ("self.layers[i + 1](x)", "self.layers_hook_points[i + 1](self.layers[i + 1](x))"),
    ("self.stages[i][0](x)", "self.stages_hook_points[i][0](self.stages[i][0](x))"),
    (
        "[layer(x) for layer in self.layers]",
        "[self.layers_hook_points[hook_index](layer(x))"
        " for hook_index, layer in enumerate(self.layers)]",
    ),
    (
        "sum(layer(x) for layer in self.layers)",
        "sum(self.layers_hook_points[hook_index](layer(x))"
        " for hook_index, layer in enumerate(self.layers))",
    ),
    (
        "[layer(x) for i, layer in enumerate(self.layers)]",
        "[self.layers_hook_points[i](layer(x)) for i, layer in enumerate(self.layers)]",
    ),
    (
        "[block(x) for stage in self.stages for block in stage]",
        "[self.stages_hook_points[hook_index][hook_index_2](block(x))"
        " for hook_index, stage in enumerate(self.stages)"
        " for hook_index_2, block in enumerate(stage)]",
    ),
    (
        "[[layer(norm(x)) for norm in self.norms] for layer in self.layers]",
        "[[self.layers_hook_points[hook_index](layer(self.norms_hook_points[hook_index_2](norm(x))))"
        " for hook_index_2, norm in enumerate(self.norms)]"
        " for hook_index, layer in enumerate(self.layers)]",
    ),
    (
        "{name: head(x) for name, head in self.heads.items()}",
        "{name: self.heads_hook_points[name](head(x)) for name, head in self.heads.items()}",
    ),
    (
        "{name: self.heads[name](x) for name in self.heads}",
        "{name: self.heads_hook_points[name](self.heads[name](x)) for name in self.heads}",
    ),
    (
        "self.heads['_'.join(x)](self.heads[f\"{i}\"](x))",
        "self.heads_hook_points['_'.join(x)](self.heads['_'.join(x)]"
        '(self.heads_hook_points[f"{i}"](self.heads[f"{i}"](x))))',
    ),
    (
        "self.fc(x) if self.training else x",
        "self.fc_hook_point(self.fc(x)) if self.training else x",
    ),
    (
        "self.maybe(x) if self.maybe is not None else x",
        "self.maybe_hook_point(self.maybe(x)) if self.maybe is not None else x",
    ),
    ("(y := self.fc(x)) + y", "(y := self.fc_hook_point(self.fc(x))) + y"),
    ("self.method(self.fc(x))", "self.method(self.fc_hook_point(self.fc(x)))"),
    ("self.attn(x, x, x)[0]", "self.attn_hook_point(self.attn(x, x, x)[0])"),
    ("self.lstm(x)[0]", "self.lstm_hook_point(self.lstm(x)[0])"),
    ("self.pair(x)[1]", "self.pair_hook_point(self.pair(x)[1])"),
    ("self.annotated(x)[0]", "self.annotated_hook_point(self.annotated(x)[0])"),
    ("(self.pair(x))[0]", "self.pair_hook_point((self.pair(x))[0])"),
]

STATEMENTS = [
    pytest.param(
        """
        for layer in self.layers:
            if self.training:
                x = checkpoint(layer, x)
            else:
                x = layer(x)
        """,
        """
        for hook_index, layer in enumerate(self.layers):
            if self.training:
                x = self.layers_hook_points[hook_index](checkpoint(layer, x))
            else:
                x = self.layers_hook_points[hook_index](layer(x))
        """,
        id="checkpoint of a member",
    ),
    pytest.param(
        """
        layer = self.layers[i]
        return layer(x)
        """,
        """
        layer = self.layers[i]
        return self.layers_hook_points[i](layer(x))
        """,
        id="local name of a member",
    ),
    pytest.param(
        """
        mlp = self.mlp
        return mlp.up(x)
        """,
        """
        mlp = self.mlp
        return self.mlp_up_hook_point(mlp.up(x))
        """,
        id="local name of a container",
    ),
    pytest.param(
        """
        def body(y):
            return self.fc(y)

        return checkpoint(body, x)
        """,
        """
        def body(y):
            return self.fc_hook_point(self.fc(y))

        return checkpoint(body, x)
        """,
        id="nested function",
    ),
    pytest.param(
        """
        x = self.fc(x); x = self.norm(x)  # both
        """,
        """
        x = self.fc_hook_point(self.fc(x)); x = self.norm_hook_point(self.norm(x))  # both
        """,
        id="semicolon",
    ),
    pytest.param(
        """
        if self.training: x = self.fc(x)
        return x
        """,
        """
        if self.training: x = self.fc_hook_point(self.fc(x))
        return x
        """,
        id="on the line of the if",
    ),
    pytest.param(
        """
        return self.fc(  # the input
            x,
        )
        """,
        """
        return self.fc_hook_point(self.fc(  # the input
            x,
        ))
        """,
        id="comment inside a call",
    ),
    pytest.param(
        """
        x = x + \\
            self.fc(x)
        return x
        """,
        """
        x = x + \\
            self.fc_hook_point(self.fc(x))
        return x
        """,
        id="backslash",
    ),
    pytest.param(
        """
        match x.ndim:
            case 2:
                x = self.fc(x)
            case _:
                x = self.norm(x)
        return x
        """,
        """
        match x.ndim:
            case 2:
                x = self.fc_hook_point(self.fc(x))
            case _:
                x = self.norm_hook_point(self.norm(x))
        return x
        """,
        id="match",
    ),
    pytest.param(
        """
        with torch.no_grad():
            target = self.fc(x)
        return target
        """,
        """
        with torch.no_grad():
            target = self.fc_hook_point(self.fc(x))
        return target
        """,
        id="a call under no_grad",
    ),
    pytest.param(
        """
        try:
            x = self.fc(x)
        finally:
            x = x + 1
        """,
        """
        try:
            x = self.fc_hook_point(self.fc(x))
        finally:
            x = x + 1
        """,
        id="try",
    ),
]


@pytest.mark.parametrize(("before", "after"), EXPRESSIONS)
def test_expressions(before: str, after: str) -> None:
    assert hooked_forward(f"return {before}") == f"return {after}"


@pytest.mark.parametrize(("before", "after"), STATEMENTS)
def test_statements(before: str, after: str) -> None:
    assert hooked_forward(before) == dedent(after).strip("\n")


SLICED = """
from torch import nn


class Own(nn.Sequential):
    pass


class Net(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.a = {made}

    def forward(self, x, k):
        {forward}
"""


@pytest.mark.parametrize(
    "made", ["nn.Sequential(nn.Linear(2, 2), nn.ReLU())", "nn.Sequential(*layers)", "Own(*layers)"]
)
@pytest.mark.parametrize(
    ("forward", "called"),
    [
        ("return self.a[:-1](x)", "self.a[:-1]"),
        ("rest, last = self.a[k:], self.a[-1]; return rest(x)", "rest"),
        ("return self.a[1:][::2](x)", "self.a[1:][::2]"),
    ],
)
def test_a_slice_of_a_sequential_calls_its_members(made: str, forward: str, called: str) -> None:
    hooked = hook_source(SLICED.format(made=made, forward=forward))
    (note,) = hooked.left_to_fallback
    assert note.code is NoteCode.MEMBERS_UNNAMED
    assert note.message.startswith(f"{called} calls its members")
    assert "auto_hook(self)  # adds the hook points inside" in hooked.code
