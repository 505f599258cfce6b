"""What the arguments of fused attention functions mean, in one set of words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.attention.bias import CausalBias


class Attention(NamedTuple):
    """A call of an attention function.

    Args:
        query: `[..., head, query, d_head]`; `key` and `value` may have fewer heads.
        bias: what is added to the scores.
        seen: which keys a query sees, `[query, key]` or with more dimensions in front.
        scale: of the scores; `d_head ** -0.5` if None.
        with_output_layout: brings `[..., head, query, d_head]` into the callee's order.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    bias: Tensor | None = None
    seen: Tensor | None = None
    scale: float | None = None
    dropout: float = 0.0
    softcap: float | None = None
    with_output_layout: Callable[[Tensor], Tensor] = lambda output: output


def read_call(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Attention | None:
    """Reads the arguments by the name of the function; None where they tell too little (blocks,
    packed or nested sequences)."""
    while isinstance(callee, partial):
        callee, args, kwargs = callee.func, callee.args + args, callee.keywords | kwargs
    name = getattr(callee, "__name__", "")
    if args and isinstance(args[0], nn.Module):
        return _interface(name, *args, **kwargs)
    read: Callable[..., Attention | None] = _READERS.get(name, _scaled_dot_product)
    return read(*args, **kwargs)


def _scaled_dot_product(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Attention | None:
    """`F.scaled_dot_product_attention`."""
    if query.is_nested:
        return None
    if isinstance(attn_mask, CausalBias):
        attn_mask = attn_mask._materialize(query.device)
    bias, seen = _mask(attn_mask)
    if is_causal:
        causal = _band(query, key, right=0, is_bottom_right=False)
        seen = causal if seen is None else seen & causal
    return Attention(query, key, value, bias, seen, scale, dropout_p)


def _dispatch(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Any = None, *args: Any, **kwargs: Any
) -> Attention | None:
    """diffusers' `dispatch_attention_fn`: as torch's, with `[batch, pos, head, d_head]`."""
    if attn_mask is not None and attn_mask.shape == (query.size(0), key.size(1)):
        attn_mask = attn_mask[:, None, None]
    own = {"attention_kwargs", "backend", "parallel_config"}
    kwargs = {name: value for name, value in kwargs.items() if name not in own}
    query, key, value = (each.movedim(1, -2) for each in (query, key, value))
    call = _scaled_dot_product(query, key, value, attn_mask, *args[:4], **kwargs)
    return None if call is None else call._replace(with_output_layout=_positions_first)


def _memory_efficient(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_bias: Any = None,
    p: float = 0.0,
    scale: float | None = None,
    **_: Any,
) -> Attention:
    """xformers': `[batch, pos, d_head]`, or with dimensions for heads behind the positions'."""
    query, key, value = (each.movedim(1, -2) for each in (query, key, value))
    if attn_bias is not None and not isinstance(attn_bias, Tensor):
        shape = (*query.shape[:-1], key.size(-2))
        attn_bias = attn_bias.materialize(shape, dtype=query.dtype, device=query.device)
    bias, seen = _mask(attn_bias)
    return Attention(query, key, value, bias, seen, scale, p, None, _positions_first)


def _flash(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    dropout_p: float = 0.0,
    softmax_scale: float | None = None,
    causal: bool = False,
    window_size: tuple[int, int] = (-1, -1),
    softcap: float = 0.0,
    alibi_slopes: Tensor | None = None,
    *_: Any,
    **__: Any,
) -> Attention:
    """`flash_attn_func`: `[batch, pos, head, d_head]`; the last query sees the last key."""
    q, k, v = (each.movedim(1, -2) for each in (q, k, v))
    left, right = (None if size < 0 else size for size in window_size)
    seen = _band(q, k, left, 0 if causal else right)
    bias = None
    if alibi_slopes is not None:
        distance = _positions(q, k, is_bottom_right=True) - torch.arange(k.size(-2)).to(q.device)
        bias = -alibi_slopes[..., None, None] * distance.abs()
    return Attention(q, k, v, bias, seen, softmax_scale, dropout_p, softcap, _positions_first)


def _interface(
    name: str,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Any = None,
    scaling: float | None = None,
    dropout: float = 0.0,
    is_causal: bool | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **kwargs: Any,
) -> Attention | None:
    """What transformers' `get_interface` gives: `[batch, head, pos, d_head]` goes in, the output is
    `[batch, pos, head, d_head]`."""
    is_other = attention_mask is not None and not isinstance(attention_mask, Tensor)
    if is_other or kwargs.get("cu_seq_lens_q") is not None:
        return None
    if is_causal is None:
        is_causal = getattr(module, "is_causal", True)
    bias = seen = None
    if "flash" in name:
        window = None if sliding_window is None else sliding_window - 1
        seen = _band(query, key, window, 0 if is_causal else window)[None, None]
        if attention_mask is not None:
            seen = seen & attention_mask[:, None, None, :].bool()
    elif attention_mask is not None:
        bias, seen = _mask(attention_mask[..., : key.size(-2)])
    elif is_causal and query.size(-2) > 1 and not name.startswith("eager"):
        # no mask says causal, but to functions that know nothing of it
        seen = _band(query, key, right=0, is_bottom_right=False)[None, None]
    layout = _positions_first
    return Attention(query, key, value, bias, seen, scaling, dropout, softcap, layout)


def _positions_first(output: Tensor) -> Tensor:
    return output.movedim(-2, 1)


def _mask(mask: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    """As a bias or as what is seen."""
    return (None, mask) if mask is not None and mask.dtype == torch.bool else (mask, None)


def _positions(query: Tensor, key: Tensor, is_bottom_right: bool) -> Tensor:
    """The queries' places among the keys, `[query, 1]`."""
    first = key.size(-2) - query.size(-2) if is_bottom_right else 0
    return first + torch.arange(query.size(-2), device=query.device)[:, None]


def _band(
    query: Tensor,
    key: Tensor,
    left: int | None = None,
    right: int | None = None,
    is_bottom_right: bool = True,
) -> Tensor:
    """Which keys are at most so far to the left and to the right, `[query, key]`."""
    distance = torch.arange(key.size(-2), device=query.device) - _positions(
        query, key, is_bottom_right
    )
    seen = torch.ones_like(distance, dtype=torch.bool) if left is None else distance >= -left
    return seen if right is None else seen & (distance <= right)


_READERS: dict[str, Callable[..., Attention | None]] = {
    "dispatch_attention_fn": _dispatch,
    "flash_attn_func": _flash,
    "memory_efficient_attention": _memory_efficient,
}
