"""Loops over containers: which index says the member's hook point, and where there is none."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.sites.snippets import hooked_forward

PAIRS = [
    pytest.param(
        """
        for layer in self.layers:
            x = layer(x)
        """,
        """
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        """,
        id="plain loop",
    ),
    pytest.param(
        """
        for i, layer in enumerate(self.layers):
            x = layer(x)
        """,
        """
        for i, layer in enumerate(self.layers):
            x = self.layers_hook_points[i](layer(x))
        """,
        id="own index that nothing reads",
    ),
    pytest.param(
        """
        for i, layer in enumerate(self.layers, start=1):
            x = layer(x) * i
        """,
        """
        for hook_index, (i, layer) in enumerate(enumerate(self.layers, start=1)):
            x = self.layers_hook_points[hook_index](layer(x)) * i
        """,
        id="own index from 1",
    ),
    pytest.param(
        """
        for i, layer in enumerate(self.layers):
            i += 1
            x = layer(x) * i
        """,
        """
        for hook_index, (i, layer) in enumerate(enumerate(self.layers)):
            i += 1
            x = self.layers_hook_points[hook_index](layer(x)) * i
        """,
        id="own index that is rebound",
    ),
    pytest.param(
        """
        for layer in self.layers[2:]:
            x = layer(x)
        """,
        """
        for hook_index, layer in enumerate(self.layers[2:], 2):
            x = self.layers_hook_points[hook_index](layer(x))
        """,
        id="slice from 2",
    ),
    pytest.param(
        """
        for layer in self.layers[: self.width]:
            x = layer(x)
        """,
        """
        for hook_index, layer in enumerate(self.layers[: self.width]):
            x = self.layers_hook_points[hook_index](layer(x))
        """,
        id="slice from the start",
    ),
    pytest.param(
        """
        for i, layer in enumerate(self.layers[1:]):
            x = layer(x) * i
        """,
        """
        for hook_index, (i, layer) in enumerate(enumerate(self.layers[1:]), 1):
            x = self.layers_hook_points[hook_index](layer(x)) * i
        """,
        id="own index over a slice counts from elsewhere",
    ),
    pytest.param(
        """
        for layer in self.layers[::2]:
            x = layer(x)
        """,
        """
        for layer, layer_hook_point in zip(self.layers[::2], self.layers_hook_points[::2], strict=True):
            x = layer_hook_point(layer(x))
        """,
        id="slice with a step",
    ),
    pytest.param(
        """
        for layer in self.layers[-2:]:
            x = layer(x)
        """,
        """
        for layer, layer_hook_point in zip(self.layers[-2:], self.layers_hook_points[-2:], strict=True):
            x = layer_hook_point(layer(x))
        """,
        id="slice from the end: there may be fewer",
    ),
    pytest.param(
        """
        for layer in reversed(self.layers):
            x = layer(x)
        """,
        """
        for layer, layer_hook_point in zip(reversed(self.layers), reversed(self.layers_hook_points), strict=True):
            x = layer_hook_point(layer(x))
        """,
        id="reversed",
    ),
    pytest.param(
        """
        for head in self.heads.values():
            x = head(x)
        """,
        """
        for head, head_hook_point in zip(self.heads.values(), self.heads_hook_points.values(), strict=True):
            x = head_hook_point(head(x))
        """,
        id="values",
    ),
    pytest.param(
        """
        for layer, norm in zip(self.layers, self.norms):
            x = norm(layer(x))
        """,
        """
        for hook_index, (layer, norm) in enumerate(zip(self.layers, self.norms)):
            x = self.norms_hook_points[hook_index](norm(self.layers_hook_points[hook_index](layer(x))))
        """,
        id="zip",
    ),
    pytest.param(
        """
        for h, layer in zip(hs, self.layers):
            x = x + layer(h)
        """,
        """
        for hook_index, (h, layer) in enumerate(zip(hs, self.layers)):
            x = x + self.layers_hook_points[hook_index](layer(h))
        """,
        id="zip with something else",
    ),
    pytest.param(
        """
        for i, (layer, h) in enumerate(zip(self.layers, hs)):
            x = x + layer(h)
        """,
        """
        for i, (layer, h) in enumerate(zip(self.layers, hs)):
            x = x + self.layers_hook_points[i](layer(h))
        """,
        id="zip with an own index",
    ),
    pytest.param(
        """
        for i, pair in enumerate(zip(self.layers, self.norms)):
            layer, norm = pair
            x = norm(layer(x))
        """,
        """
        for i, pair in enumerate(zip(self.layers, self.norms)):
            layer, norm = pair
            x = self.norms_hook_points[i](norm(self.layers_hook_points[i](layer(x))))
        """,
        id="zip, taken apart in the body",
    ),
    pytest.param(
        """
        for layer, norm in zip(self.layers[1:], self.norms):
            x = norm(layer(x))
        """,
        """
        for hook_index, (layer, norm) in enumerate(zip(self.layers[1:], self.norms), 1):
            x = norm(self.layers_hook_points[hook_index](layer(x)))
        """,
        id="zip of what begins elsewhere: no index fits both",
    ),
    pytest.param(
        """
        for layer, norm in zip(self.layers, reversed(self.norms)):
            x = norm(layer(x))
        """,
        """
        for hook_index, (layer, norm) in enumerate(zip(self.layers, reversed(self.norms))):
            x = norm(self.layers_hook_points[hook_index](layer(x)))
        """,
        id="zip of two directions: no index fits both",
    ),
    pytest.param(
        """
        for layer in self.layers:
            x = layer(x)
        for norm in self.norms:
            x = norm(x)
        return layer(x)
        """,
        """
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        for hook_index_2, norm in enumerate(self.norms):
            x = self.norms_hook_points[hook_index_2](norm(x))
        return self.layers_hook_points[hook_index](layer(x))
        """,
        id="a member that is called after its loop",
    ),
    pytest.param(
        """
        for stage in self.stages:
            for block in stage:
                x = block(x)
        """,
        """
        for hook_index, stage in enumerate(self.stages):
            for hook_index_2, block in enumerate(stage):
                x = self.stages_hook_points[hook_index][hook_index_2](block(x))
        """,
        id="nested",
    ),
    pytest.param(
        """
        for i, stage in enumerate(self.stages):
            for block in stage:
                x = block(x)
        """,
        """
        for i, stage in enumerate(self.stages):
            for hook_index, block in enumerate(stage):
                x = self.stages_hook_points[i][hook_index](block(x))
        """,
        id="nested in a loop with its own index",
    ),
    pytest.param(
        """
        for (block,) in self.stages:
            x = block(x)
        """,
        """
        for (hook_index, (block,)) in enumerate(self.stages):
            x = self.stages_hook_points[hook_index][0](block(x))
        """,
        id="destructuring one",
    ),
    pytest.param(
        """
        for i in range(len(self.layers)):
            x = self.layers[i](x)
        """,
        """
        for i in range(len(self.layers)):
            x = self.layers_hook_points[i](self.layers[i](x))
        """,
        id="range",
    ),
    pytest.param(
        """
        while i < 3:
            x = self.layers[i](x)
            i += 1
        """,
        """
        while i < 3:
            x = self.layers_hook_points[i](self.layers[i](x))
            i += 1
        """,
        id="while",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_pairs(before: str, after: str) -> None:
    assert hooked_forward(before) == dedent(after).strip("\n")
