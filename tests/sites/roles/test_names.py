"""Names of roles beside those of modules, filters, and notes."""

from __future__ import annotations

from dataclasses import replace

from autohook_codegen import Options, hook_source
from tests.sites.roles.sources import ACTIVATIONS, module

ALL = replace(ACTIVATIONS, modules=True, params=True)
FUSED = module(
    """
    self.q = nn.Linear(width, width)
    self.k = nn.Linear(width, width)
    self.v = nn.Linear(width, width)
    --
    k, v = self.k(x), self.v(x)
    w = v.view(2, 3, -1)
    return F.scaled_dot_product_attention(self.q(x) * 0.1, k, w) + v
    """
)


def codes(source: str, options: Options = ALL) -> list[str]:
    return [note.code for note in hook_source(source, options).notes]


def test_a_role_and_its_module_are_one_hook_point() -> None:
    code = hook_source(FUSED, ALL).code
    assert "self.q_hook_point = HookPoint()" in code
    assert "self.q_hook_point(self.q(x)) * 0.1" in code


def test_a_module_gives_way_to_a_role() -> None:
    hooked = hook_source(FUSED, ALL)
    assert "self.v_hook_point_2(self.v(x))" in hooked.code
    assert "self.v_hook_point(v.view(2, 3, -1))" in hooked.code
    assert [note.code for note in hooked.notes] == ["name-of-a-role"]
    assert hook_source(hooked.code, ALL).code == hooked.code


def test_second_names() -> None:
    source = module(
        """
        self.up, self.down = nn.Linear(width, width), nn.Linear(width, width)
        --
        return self.down(F.gelu(self.up(x)))
        """
    )
    assert "self.pre_hook_point = self.up_hook_point = HookPoint()" in hook_source(source, ALL).code
    assert "up_hook_point" not in hook_source(source, ACTIVATIONS).code


def test_several_calls_with_a_role_each() -> None:
    source = module(
        """
        self.attn = nn.MultiheadAttention(width, 2)
        self.norm = nn.LayerNorm(width)
        self.drop = nn.Dropout(0.1)
        --
        x = x + self.drop(self.attn(x, x, x)[0])
        return x + self.drop(self.attn(x, memory, memory)[0])
        """
    )
    code = hook_source(source, ALL).code
    assert "self.attn_out_hook_point(self.drop(" in code
    assert "self.cross_attn_out_hook_point(self.drop(" in code
    assert "drop_hook_point" not in code


def test_only_and_skip() -> None:
    only = hook_source(FUSED, replace(ACTIVATIONS, only=("*.pattern",)))
    assert {site.role for site in only.sites} == {"attn_scores", "pattern"}
    skipped = hook_source(FUSED, replace(ACTIVATIONS, skip=("q", "Model.z")))
    assert {site.role for site in skipped.sites} == {"k", "v", "attn_scores", "pattern"}


def test_strip_gives_the_text_back() -> None:
    from autohook_codegen import strip_source

    for options in (ALL, ACTIVATIONS, replace(ALL, name="hook_{name}")):
        assert strip_source(hook_source(FUSED, options).code, options) == FUSED


def test_a_pattern_that_a_module_keeps() -> None:
    source = module("self.attn = nn.MultiheadAttention(width, 2)\n--\nreturn self.attn(x, x, x)[0]")
    assert "pattern-hidden" in codes(source)
    asked = "need_weights=True, average_attn_weights=False"
    shown = source.replace("x, x, x)[0]", f"x, x, x, {asked})[1]")
    assert "self.pattern_hook_point(self.attn(x, x, x" in hook_source(shown, ACTIVATIONS).code


def test_dropout_of_an_edit() -> None:
    source = FUSED.replace("k, w)", "k, w, dropout_p=0.1 if self.training else 0.0)")
    assert "edits-draw-anew" in codes(source)
    assert "edits-draw-anew" not in codes(FUSED)


def test_a_file_without_roles() -> None:
    pooling = module("self.fc = nn.Linear(width, 1)\n--\nreturn self.fc(x).softmax(1).mT @ x")
    (note,) = hook_source(pooling, ACTIVATIONS).notes
    assert note.code == "no-roles"
    assert "the softmax in line 18 is of no product of two computed values" in note.message
    plain = module("self.fc = nn.Linear(width, 1)\n--\nreturn self.fc(x)")
    assert codes(plain) == ["no-roles"]
    assert "no-roles" not in codes(plain, replace(ALL, activations=False))


def test_a_helper_that_returns_in_one_arm_has_one_attention() -> None:
    helper = """
    def attend(q, k, v):
        try:
            return (q @ k.mT).softmax(-1) @ v
        except RuntimeError:
            pass
        return (k @ q.mT).softmax(-2).mT @ v
    """
    source = module(
        "self.q, self.v = nn.Linear(width, width), nn.Linear(width, width)\n--\n"
        "return attend(self.q(x), self.q(memory), self.v(x))",
        helper,
    )
    sites = hook_source(source, ACTIVATIONS).sites
    assert [one.hook_point for one in sites if one.role == "z"] == ["z_hook_point"]
