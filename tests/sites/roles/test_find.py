"""All roles together: how much they add, and that they are recorded where nothing is added."""

from __future__ import annotations

from pathlib import Path

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.roles.sources import module

# not from `tests.fixtures`: the command's tests run without torch
FOLDER = Path(__file__).resolve().parents[3] / "fixtures" / "activations"
MODELS = sorted(path for path in FOLDER.glob("*.py") if ".hooked" not in path.name)
ATTENTION = frozenset("q k v rot_q rot_k attn_scores pattern z".split())


def test_diffs_stay_readable() -> None:
    added = [0, 0]
    for path in MODELS:
        text = path.read_text()
        for place, options in enumerate((Options(), Options(activations=True))):
            added[place] += hook_source(text, options).code.count("\n") - text.count("\n")
    assert len(MODELS) == 8
    assert added[1] <= 1.6 * added[0]


@pytest.mark.parametrize("name", ["bert", "encoder_decoder", "gpt", "interface", "llama", "vit"])
def test_an_attention_has_6_to_9_hook_points(name: str) -> None:
    text = (FOLDER / f"{name}.py").read_text()
    sites = hook_source(text, Options(activations=True)).sites
    found = {(one.class_name, one.hook_point) for one in sites if one.role in ATTENTION}
    assert len({cls for cls, _ in found}) == 1
    assert 6 <= len(found) <= 9


def test_roles_of_module_results_are_recorded_by_default() -> None:
    source = module(
        """
        self.up, self.act, self.down = nn.Linear(width, 8), nn.GELU(), nn.Linear(8, width)
        self.mlp = nn.Sequential(nn.Linear(width, 8), nn.GELU(), nn.Linear(8, width))
        --
        x = x + self.down(self.act(self.up(x)))
        return x + self.mlp(x)
        """
    )
    hooked = hook_source(source, Options(root=()))
    roles = {one.hook_point: one.role for one in hooked.sites}
    assert roles == {
        "up_hook_point": "pre",
        "act_hook_point": "post",
        "down_hook_point": "mlp_out",
        "mlp_hook_point": None,
    }
