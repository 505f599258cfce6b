"""Statements that make hook points."""

from __future__ import annotations

import pytest

from autohook_codegen import strip_source

MAKING = [
    "self.a_hook_point = H()",
    "self.a_hook_point_2 = H()",
    "self.a_hook_point: H = H()",
    "self.a_hook_points = nn.ModuleList([H() for _ in self.a])",
    "self.a_hook_points = torch.nn.ModuleList([H() for _ in self.a or ()])",
    "self.a_hook_points = ModuleDict({name: H() for name in self.a})",
    "self.a_hook_points = nn.ModuleList([nn.ModuleList([H() for _ in b]) for b in self.a])",
    "self.a_hook_points = nn.ModuleList()",
    "self.a_hook_points[k] = H()",
    "self.a_hook_points[0][k] = H()",
    "self.a_hook_points.append(H())",
    "self.a_hook_points.extend([H() for _ in b])",
    "self.a_hook_points.update({name: H() for name in b})",
    'setattr(self, f"layer{i}_hook_point", H())',
    "setattr(self, name + '_hook_point', H())",
    'self.add_module("a_hook_point", H())',
]
UNTOUCHED = [
    "self.a_hook_point = H(), 1",
    "self.a_hook_point = Other()",
    "self.hook_embed = H()",
    "self.layers = nn.ModuleList()",
    "self.a_hook_points.append(Block())",
]


BEGIN = "from transformer_lens.hook_points import HookPoint as H\nx = 1\nif x:\n    y = 2\n"


@pytest.mark.parametrize("made", MAKING)
def test_strip(made: str) -> None:
    assert strip_source(f"{BEGIN}    {made}\n    z\n") == "x = 1\nif x:\n    y = 2\n    z\n"


@pytest.mark.parametrize("made", UNTOUCHED)
def test_untouched(made: str) -> None:
    assert f"    {made}\n    z\n" in strip_source(f"{BEGIN}    {made}\n    z\n")


def test_comments_above_what_goes_stay() -> None:
    begin = "from transformer_lens.hook_points import HookPoint\nx\n"
    made = "# one\nself.a_hook_point = HookPoint()  # [batch]\n"
    assert strip_source(f"{begin}{made}\n# two\ny\n{made}") == "x\n# one\n\n# two\ny\n# one\n"
