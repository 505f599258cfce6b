"""Ten architectures against TransformerLens's bridge; `make oracle` does all."""

from __future__ import annotations

import pytest

from tests.oracle.bridge import compare

ARCHITECTURES = [
    "ApertusForCausalLM",
    "CohereForCausalLM",
    "Ernie4_5ForCausalLM",
    "GPT2LMHeadModel",
    "Gemma2ForCausalLM",
    "Gemma3ForCausalLM",
    "Glm4ForCausalLM",
    "GPTNeoXForCausalLM",
    "LlamaForCausalLM",
    "MistralForCausalLM",
]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_both_have_is_equal(name: str) -> None:
    both = [pair for pair in compare(name) if not pair.verdict.startswith("only")]
    assert {pair.role for pair in both} >= {
        *("q", "k", "v", "attn_scores", "pattern", "z", "resid_pre", "resid_post", "pre", "post")
    }
    others = {(pair.role, pair.reason) for pair in both if pair.verdict != "equal"}
    assert others <= {("attn_scores", "theirs is the pattern")}
