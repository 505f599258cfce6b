"""Whether two tensors hold the same values up to a view, and what is said of one pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

ATTENTION = ("q", "k", "v", "rot_q", "rot_k", "attn_scores", "pattern", "z")
STREAM = ("resid_pre", "resid_mid", "resid_post")
BRANCHES = ("attn_out", "mlp_out")
MLP = ("pre", "pre_linear", "post")
ROLES = (*ATTENTION, *STREAM, *BRANCHES, *MLP)
MASKED = -1e4
"""Scores below are masked: TransformerLens writes -inf, others the lowest number there is."""


class Pair(NamedTuple):
    """One role of one layer."""

    layer: int
    role: str
    verdict: str
    """`equal`, `differs`, `only theirs` or `only ours`."""
    reason: str = ""


def pairs(
    theirs: Mapping[str, Any], ours: Any, layers: int, prefix: str, their_prefix: str
) -> Iterator[Pair]:
    """All roles that one of both has. `ours` is a cache of a hooked model."""
    for layer in range(layers):
        for role in ROLES:
            place = "attn." if role in ATTENTION else "mlp." if role in MLP else ""
            their = theirs.get(f"{their_prefix}.{layer}.{place}hook_{role}")
            our = ours.get(f"{prefix}.{layer}.{place}hook_{role}")
            if not isinstance(their, Tensor) and our is None:
                continue
            elif not isinstance(their, Tensor):
                yield Pair(layer, role, "only ours")
            elif our is None:
                yield Pair(layer, role, "only theirs")
            elif same_values(their, our):
                yield Pair(layer, role, "equal")
            else:
                reason = _reason(role, their, our, ours.get(f"{prefix}.{layer}.attn.hook_pattern"))
                yield Pair(layer, role, "differs", reason)


def same_values(theirs: Tensor, ours: Tensor) -> bool:
    """Equal to rounding as one of the views: heads ahead of positions or behind, side by side."""
    theirs = theirs.detach().float()
    return any(_close(theirs, view.reshape(theirs.shape)) for view in _views(ours, theirs.numel()))


def _views(tensor: Tensor, count: int) -> Iterator[Tensor]:
    tensor = tensor.detach().float()
    if tensor.numel() != count:
        return
    yield tensor
    if tensor.dim() == 4:
        yield tensor.transpose(1, 2)
        yield tensor.transpose(1, 3)
    if tensor.dim() == 3:
        yield tensor.transpose(0, 1)


def _close(theirs: Tensor, ours: Tensor) -> bool:
    seen = (theirs > MASKED) & (ours > MASKED)
    zero = torch.zeros(())
    return torch.allclose(
        torch.where(seen, theirs, zero), torch.where(seen, ours, zero), rtol=1e-3, atol=1e-5
    )


def _reason(role: str, theirs: Tensor, ours: Tensor, pattern: Tensor | None) -> str:
    if role == "attn_scores" and pattern is not None and same_values(theirs, pattern):
        return "theirs is the pattern"
    if theirs.numel() != ours.numel():
        return f"theirs is {list(theirs.shape)}, ours {list(ours.shape)}"
    return "other values"
