"""The words for what a value is in a transformer: TransformerLens's."""

from __future__ import annotations

__all__ = ["ROLES"]

ROLES = (
    "q k v rot_q rot_k attn_scores pattern z "
    "pre pre_linear post "
    "expert_weights expert_indices "
    "attn_out cross_attn_out mlp_out"
).split()
"""In the order in which their hook points stand at the end of ``__init__``; the stream's follow as
they run."""
