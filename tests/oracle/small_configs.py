"""One general small configuration for architectures of transformers."""

from __future__ import annotations

from typing import Any

SIZES = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    "num_local_experts": 4,
    "num_experts": 4,
    "num_experts_per_tok": 2,
    "ffn_dim": 64,
    "word_embed_proj_dim": 32,
    "rotary_dim": 4,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
"""One for all: of these each configuration takes what it has."""
MORE: dict[str, dict[str, Any]] = {
    "GPT2LMHeadModel": {"n_ctx": 64},
    "GPTNeoForCausalLM": {
        "attention_types": [[["global", "local"], 1]],
        "num_layers": 2,
        "intermediate_size": 128,
    },
    "PhiForCausalLM": {"partial_rotary_factor": 0.5, "num_key_value_heads": 4},
    "T5ForConditionalGeneration": {"n_positions": 64, "decoder_start_token_id": 0},
}
"""What TransformerLens reads and transformers names otherwise by now."""


def small_config_of(cls: Any) -> Any:
    """The configuration of a model's class with these sizes."""
    default = cls.config_class()
    more = MORE.get(cls.__name__, {})
    given = {name: value for name, value in (SIZES | more).items() if hasattr(default, name)}
    config = cls.config_class(**given)
    for name, value in more.items():
        setattr(type(config), name, value)  # TransformerLens reads the configuration from a file
    return config
