"""Attention that another function computes."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.roles.sources import ACTIVATIONS, module, roles

INIT = "self.q = nn.Linear(width, width)\nself.k = nn.Linear(width, width)\nself.v = nn.Linear(width, width)"
QKV = "q, k, v = self.q(x), self.k(x), self.v(x)\n"
EXPLICIT = "explicit_if_hooked({}, self.attn_scores_hook_point, self.pattern_hook_point{})"
FUSED = [
    pytest.param("F.scaled_dot_product_attention(q, k, v)", True, id="torch's"),
    pytest.param("F.scaled_dot_product_attention(q, value=v, key=k)", True, id="by keyword"),
    pytest.param("flash_attn_func(q, k, v, causal=True)", True, id="flash"),
    pytest.param("memory_efficient_attention(q, k, v)", True, id="xformers'"),
    pytest.param("flex_attention(q, k, v)", False, id="one that nothing computes in steps"),
]


@pytest.mark.parametrize(("call", "has_steps"), FUSED)
def test_fused(call: str, has_steps: bool) -> None:
    imports = (
        "from flash_attn import flash_attn_func\n"
        "from torch.nn.attention.flex_attention import flex_attention\n"
        "from xformers.ops import memory_efficient_attention\n"
    )
    source = module(f"{INIT}\n--\n{QKV}return {call}", imports)
    found = roles(source)
    assert found["q"] == ["self.q(x)"]
    assert found["z"] == [call]
    assert ("pattern" in found) is has_steps
    name, arguments = call.split("(")
    hooked = hook_source(source, ACTIVATIONS).code
    wrapped = EXPLICIT.format(name, "") if has_steps else name
    assert f"return self.z_hook_point({wrapped}({arguments})" in hooked
    assert hook_source(hooked, ACTIVATIONS).code == hooked


EAGER = """
def eager(module, query, key, value, mask, scaling=1.0, **kwargs):
    scores = query @ key.mT * scaling
    pattern = scores.softmax(-1)
    return pattern @ value, pattern
"""
CHOSEN = [
    pytest.param(
        "attend = ALL_ATTENTION_FUNCTIONS.get_interface(config, eager)",
        "attend = "
        + EXPLICIT.format("ALL_ATTENTION_FUNCTIONS.get_interface(config, eager)", ", eager"),
        "attend(self",
        id="by get_interface",
    ),
    pytest.param(
        "attend = eager\nif config:\n    attend = ALL_ATTENTION_FUNCTIONS[config]",
        "attend = " + EXPLICIT.format("ALL_ATTENTION_FUNCTIONS[config]", ", eager"),
        "attend(self",
        id="by a choice",
    ),
    pytest.param(
        "attend = ALL_ATTENTION_FUNCTIONS.get_interface(config, elsewhere)",
        "attend = "
        + EXPLICIT.format("ALL_ATTENTION_FUNCTIONS.get_interface(config, elsewhere)", ""),
        "attend(self",
        id="with a function of another file",
    ),
]


@pytest.mark.parametrize(("choice", "chosen", "called"), CHOSEN)
def test_interface(choice: str, chosen: str, called: str) -> None:
    source = module(
        f"{INIT}\n--\n{QKV}config = mask\n{choice}\ny, p = attend(self, q, k, v, mask)\nreturn y, p",
        "from elsewhere import elsewhere\n" + EAGER,
    )
    hooked = hook_source(source, ACTIVATIONS).code
    assert chosen in hooked
    assert f"y, p = {called}, q, k, v, mask)\n        y = self.z_hook_point(y)" in hooked
    in_steps = (
        "pattern = module.pattern_hook_point(module.attn_scores_hook_point(scores).softmax(-1))"
    )
    assert (in_steps in hooked) is ("eager" in choice)
    assert hook_source(hooked, ACTIVATIONS).code == hooked


def test_softcap_in_a_function_of_another_file() -> None:
    source = module(
        f"{INIT}\n--\n{QKV}attend = ALL_ATTENTION_FUNCTIONS.get_interface(mask, elsewhere)\n"
        "return attend(self, q, k, v, mask, softcap=3.0)[0]",
        "from elsewhere import elsewhere",
    )
    assert roles(source).keys() == {"q", "k", "v", "z"}


PROCESSOR = """
class Processor:
    def __call__(self, attn{}, x):
        q, k, v = attn.q(x), attn.k(x), attn.v(x)
        return dispatch_attention_fn(q, k, v)


def dispatch_attention_fn(query, key, value, backend=None):
    return BACKENDS[backend](query=query, key=key, value=value)
"""
HANDED = [
    pytest.param(': "Model"', "", True, id="by its annotation"),
    pytest.param("", "\nself.processor = Processor()", True, id="by who holds it"),
    pytest.param("", "", False, id="by nobody"),
]


@pytest.mark.parametrize(("annotation", "held", "is_found"), HANDED)
def test_a_processor_that_is_handed_the_module(annotation: str, held: str, is_found: bool) -> None:
    call = "self.processor(self, x)" if held else "mask(self, x)"
    source = module(f"{INIT}{held}\n--\nreturn {call}", PROCESSOR.format(annotation))
    found = roles(source)
    assert (set(found) == {"q", "k", "v", "attn_scores", "pattern", "z"}) is is_found
    if is_found:
        assert found["z"] == ["dispatch_attention_fn(q, k, v)"]
        assert "q, k, v = attn.q_hook_point(attn.q(x))" in hook_source(source, ACTIVATIONS).code
