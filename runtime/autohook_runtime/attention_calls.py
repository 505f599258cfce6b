"""What the arguments of fused attention functions mean, in one set of words."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.attention.bias import CausalBias

TORCHS = "query key value mask dropout is_causal scale"
"""The order of `F.scaled_dot_product_attention`'s arguments, and of what is called like it."""
FLASH = "query key value dropout scale is_causal window softcap alibi"
OF_AN_INTERFACE = "query key value mask scale dropout is_causal sliding_window softcap"
"""Of what transformers' `get_interface` gives, behind the module."""
POSITIONS_FIRST = {
    "dispatch_attention_fn": TORCHS,
    "flash_attn_func": FLASH,
    "memory_efficient_attention": "query key value mask dropout scale",
}
"""Of functions that take and give `[batch, pos, head, d_head]`."""
WORDS = {
    **dict.fromkeys(("attn_mask", "attn_bias", "attention_mask"), "mask"),
    **dict.fromkeys(("dropout_p", "p"), "dropout"),
    **dict.fromkeys(("softmax_scale", "scaling"), "scale"),
    "q": "query",
    "k": "key",
    "v": "value",
    "causal": "is_causal",
    "window_size": "window",
    "alibi_slopes": "alibi",
}


class Attention(NamedTuple):
    """A call of an attention function.

    Args:
        query: `[..., head, query, d_head]`; `key` and `value` may have fewer heads.
        bias: what is added to the scores.
        seen: which keys a query sees, `[query, key]` or with more dimensions in front.
        scale: of the scores; `d_head ** -0.5` if None.
        is_positions_first: whether the output is `[batch, query, head, d_head]`.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    bias: Tensor | None
    seen: Tensor | None
    scale: float | None
    dropout: float
    softcap: float | None
    is_positions_first: bool


def read_call(callee: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Attention | None:
    """Reads the arguments by the name of the function; None where they tell too little (blocks,
    packed or nested sequences)."""
    while isinstance(callee, partial):
        callee, args, kwargs = callee.func, callee.args + args, callee.keywords | kwargs
    name = getattr(callee, "__name__", "")
    module = args[0] if args and isinstance(args[0], nn.Module) else None
    if module is None:
        order = POSITIONS_FIRST.get(name, TORCHS)
    else:
        order, args = OF_AN_INTERFACE, args[1:]
    given = dict(zip(order.split(), args, strict=False))
    given |= {WORDS.get(word, word): value for word, value in kwargs.items()}
    query, key, value = given["query"], given["key"], given["value"]
    if query.is_nested or given.get("cu_seq_lens_q") is not None:
        return None
    if module is None and name in POSITIONS_FIRST:
        query, key, value = (each.movedim(1, -2) for each in (query, key, value))
    mask = given.get("mask")
    if isinstance(mask, CausalBias):
        mask = mask._materialize(query.device)
    elif mask is not None and hasattr(mask, "materialize"):  # xformers'
        shape = (*query.shape[:-1], key.size(-2))
        mask = mask.materialize(shape, dtype=query.dtype, device=query.device)
    if not isinstance(mask, Tensor | None):
        return None
    if mask is not None and module is not None:
        mask = mask[..., : key.size(-2)]
    if mask is not None and mask.dim() == 2 and (module is not None or name in POSITIONS_FIRST):
        if mask.shape == (query.size(0), key.size(-2)):
            mask = mask[:, None, None].bool()
    # an added mask may be all that there is
    bias, seen = (None, mask) if mask is not None and mask.dtype == torch.bool else (mask, None)
    is_flash = order == FLASH if module is None else "flash" in name
    band = _band(query, key, *_window(name, given, module, query), is_bottom_right=is_flash)
    if band is not None:
        band = band if module is None else band[None, None]
        seen = band if seen is None else seen & band
    if given.get("alibi") is not None:
        bias = -given["alibi"][..., None, None] * _distance(query, key, is_flash).abs()
    return Attention(
        query, key, value, bias, seen, given.get("scale"), given.get("dropout") or 0.0,
        given.get("softcap"), module is not None or name in POSITIONS_FIRST,
    )  # fmt: skip


def _window(
    name: str, given: dict[str, Any], module: nn.Module | None, query: Tensor
) -> tuple[int, int]:
    """How far a query sees to the left and to the right; all of it if less than 0."""
    left, right = given.get("window", (-1, -1))
    is_causal, sliding = given.get("is_causal"), given.get("sliding_window")
    if module is not None:
        if is_causal is None:
            is_causal = getattr(module, "is_causal", True)
        if "flash" in name:
            left = right = -1 if sliding is None else sliding - 1
        # no mask says causal, but to functions that know nothing of it
        elif given.get("mask") is not None or query.size(-2) == 1 or name.startswith("eager"):
            is_causal = False
    return left, 0 if is_causal else right


def _distance(query: Tensor, key: Tensor, is_bottom_right: bool) -> Tensor:
    """How far right of a query each key is, `[query, key]`. The last query may see the last key, or
    the first one the first."""
    first = key.size(-2) - query.size(-2) if is_bottom_right else 0
    places = first + torch.arange(query.size(-2), device=query.device)
    return torch.arange(key.size(-2), device=query.device) - places[:, None]


def _band(
    query: Tensor, key: Tensor, left: int, right: int, is_bottom_right: bool
) -> Tensor | None:
    """Which keys are at most so far to the left and to the right, `[query, key]`."""
    if left < 0 and right < 0:
        return None
    distance = _distance(query, key, is_bottom_right)
    seen = distance >= -left if left >= 0 else torch.ones_like(distance, dtype=torch.bool)
    return seen & (distance <= right) if right >= 0 else seen
