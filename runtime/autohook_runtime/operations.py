"""What torch's functions do with a parameter that they take."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

VIEWS_AND_CASTS = frozenset(
    """__getitem__ view view_as reshape reshape_as expand expand_as broadcast_to permute transpose
    swapaxes swapdims t adjoint movedim moveaxis unsqueeze squeeze flatten unflatten ravel select
    narrow unfold as_strided diagonal chunk split split_with_sizes tensor_split unbind __iter__
    hsplit vsplit dsplit flip roll repeat repeat_interleave tile index_select gather contiguous
    clone detach to type type_as float double half bfloat16 cpu cuda to_local full_tensor
    redistribute alias view_as_real view_as_complex atleast_1d atleast_2d atleast_3d""".split()
)
VIEWING_PROPERTIES = frozenset(
    getattr(Tensor, name).__get__ for name in ("T", "mT", "H", "mH", "real", "imag")
)
JOINING = frozenset(
    """cat concat concatenate stack hstack vstack dstack row_stack column_stack
    block_diag""".split()
)
WITHOUT_THE_VALUE = frozenset(
    """zeros_like ones_like empty_like full_like rand_like randn_like randint_like
    new_zeros new_ones new_empty new_full new_tensor new_empty_strided __deepcopy__""".split()
)
IN_PLACE_OPERATORS = frozenset(
    f"__i{name}__"
    for name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
)
BACKWARD = frozenset((Tensor.backward, torch.autograd.backward, torch.autograd.grad))

# What it means for a parameter that an operation takes it.
FIRES = "fires"
FOLLOWED = "followed"
"""A view or a cast: it is the parameter on its way."""
CHANGES = "changes"
"""In place, its first argument."""
JOINS = "joins"
NO_USE = "no use"
ATTRIBUTE = "attribute"
ELSEWHERE = "elsewhere"
"""Backward, which may compute forwards again, has nothing to do with what was read before."""


@lru_cache(1024)
def kind_of(function: Callable[..., Any]) -> str:
    name = getattr(function, "__name__", "")
    if function in BACKWARD:
        return ELSEWHERE
    if name in VIEWS_AND_CASTS or function in VIEWING_PROPERTIES:
        return FOLLOWED
    if name in ("__get__", "__set__"):
        return ATTRIBUTE
    if name in WITHOUT_THE_VALUE:
        return NO_USE
    if name in JOINING:
        return JOINS
    return CHANGES if is_in_place(name) else FIRES


def is_in_place(name: str) -> bool:
    return name in IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__"))
