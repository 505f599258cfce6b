"""Stand-ins for attention functions of packages that are not installed here, by their names and
arguments. Each computes by `F.scaled_dot_product_attention`."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def flash_attn_func(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: Tensor | None = None,
    deterministic: bool = False,
    return_attn_probs: bool = False,
) -> Any:
    """flash-attn's, as its documentation words it (`softcap` aside, which SDPA has not)."""
    assert not softcap
    queries, keys = q.size(1), k.size(1)
    row = torch.arange(queries)[:, None] + keys - queries
    column = torch.arange(keys)
    bias = torch.zeros(queries, keys)
    left, right = window_size
    if causal:
        right = 0
    if right >= 0:
        bias = bias.masked_fill(column > row + right, float("-inf"))
    if left >= 0:
        bias = bias.masked_fill(column < row - left, float("-inf"))
    if alibi_slopes is not None:
        bias = bias - alibi_slopes[..., None, None] * (row - column).abs()
    q, k, v = (each.transpose(1, 2) for each in (q, k, v))
    out = F.scaled_dot_product_attention(
        q, k, v, bias, dropout_p, scale=softmax_scale, enable_gqa=True
    ).transpose(1, 2)
    return (out, None, None) if return_attn_probs else out


def dispatch_attention_fn(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    attention_kwargs: dict[str, Any] | None = None,
    *,
    backend: Any = None,
    parallel_config: Any = None,
) -> Tensor:
    """diffusers', with its native backend."""
    if attn_mask is not None and attn_mask.ndim == 2:
        attn_mask = attn_mask[:, None, None]
    query, key, value = (each.permute(0, 2, 1, 3) for each in (query, key, value))
    out = F.scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=attn_mask,
        dropout_p=dropout_p,
        is_causal=is_causal,
        scale=scale,
        enable_gqa=enable_gqa,
    )
    return out.permute(0, 2, 1, 3)


class LowerTriangularMask:
    """One of xformers' biases, which know how to become a tensor."""

    def materialize(self, shape: tuple[int, ...], dtype: Any, device: Any) -> Tensor:
        return torch.full(shape, float("-inf"), dtype=dtype, device=device).triu(1)


def memory_efficient_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_bias: Any = None,
    p: float = 0.0,
    scale: float | None = None,
    *,
    op: Any = None,
) -> Tensor:
    """xformers'."""
    query, key, value = (each.movedim(1, -2) for each in (query, key, value))
    if isinstance(attn_bias, LowerTriangularMask):
        shape = (*query.shape[:-1], key.size(-2))
        attn_bias = attn_bias.materialize(shape, query.dtype, query.device)
    out = F.scaled_dot_product_attention(query, key, value, attn_bias, p, scale=scale)
    return out.movedim(-2, 1)
