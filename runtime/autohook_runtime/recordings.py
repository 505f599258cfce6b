"""What a cache keeps of a run: copies, taken where the values pass."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from threading import get_ident
from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.utils._pytree import register_pytree_node
from transformer_lens.hook_points import HookPoint
from transformer_lens.utilities.slice import Slice

from autohook_runtime.compiling import outside_graphs
from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.names import ByEitherName
from autohook_runtime.own_thread import is_seen_by

AHEAD_OF_HEADS = ("hook_q", "hook_k", "hook_v", "hook_z", "hook_result")
"""TransformerLens's names of values whose positions are the third dimension from behind."""


class Cache(ByEitherName[Any]):
    """What passed each hook point in a run, by its name."""

    @property
    def nbytes(self) -> int:
        """How much memory the values take; one that stands under several names counts once."""
        values = [value if isinstance(value, list) else [value] for value in self.values()]
        tensors = {id(tensor): tensor for several in values for tensor in several}
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


register_pytree_node(
    Cache,
    lambda cache: (list(cache.values()), list(cache)),
    lambda values, names: Cache(zip(names, values, strict=True)),  # type: ignore[arg-type]
)


@dataclass(frozen=True)
class Kept:
    """What is kept of each value."""

    device: Any = None
    remove_batch_dim: bool = False
    pos_slice: Any = None
    every: bool = False
    keep_graph: bool = False


class Recording:
    """Fills a cache, with the values of the thread that made it."""

    def __init__(self, kept: Kept, cache: dict[str, Any] | None = None) -> None:
        self.kept, self.thread = kept, get_ident()
        self.cache: dict[str, Any] = Cache() if cache is None else cache
        self.slice = Slice.unwrap(kept.pos_slice) if kept.pos_slice is not None else None
        self.is_whole = self.slice is None and kept.device is None and not kept.remove_batch_dim
        self.copies: dict[tuple[int, int], tuple[weakref.ref[Tensor], int, Tensor]] = {}

    @outside_graphs
    def keep(self, name: str, value: Any) -> None:
        """A copy: the value itself may be changed in place after it has passed."""
        tensor = value if isinstance(value, Tensor) else first_tensor(value)[0]
        if tensor is None:
            return
        copied = self._copy(tensor, -3 if name.endswith(AHEAD_OF_HEADS) else -2)
        if self.kept.every:
            self.cache.setdefault(name, []).append(copied)
        else:
            self.cache[name] = copied

    def _copy(self, tensor: Tensor, pos_dim: int) -> Tensor:
        """One for all hook points that a tensor passes without a change."""
        if tensor.is_inference() or is_functorch_wrapped_tensor(tensor):
            # nothing says whether it has changed
            return self._copied(tensor, pos_dim)
        key = id(tensor), pos_dim
        known = self.copies.get(key)
        if known is not None and known[0]() is tensor and known[1] == tensor._version:
            return known[2]
        copied = self._copied(tensor, pos_dim)
        self.copies[key] = weakref.ref(tensor), tensor._version, copied
        return copied

    def _copied(self, tensor: Tensor, pos_dim: int) -> Tensor:
        if tensor.requires_grad and not self.kept.keep_graph:
            tensor = tensor.detach()
        if self.is_whole:
            return tensor.clone()
        part = tensor
        if self.kept.remove_batch_dim and part.dim() and part.shape[0] == 1:
            part = part.squeeze(0)
        if self.slice is not None and part.dim() >= -pos_dim:
            part = self.slice.apply(part, dim=pos_dim)
        moved = part.to(self.kept.device)
        return moved if moved.device != tensor.device else moved.clone()


class Save:
    """A hook that keeps the values of one hook point, under the name that one root has for it."""

    def __init__(self, recording: Recording, name: str) -> None:
        self.recording, self.name = recording, name

    @outside_graphs
    def __call__(self, value: Any, hook: Any) -> None:
        """As TransformerLens calls hooks."""
        if torch.compiler.is_compiling():
            self.recording.cache[self.name] = value.detach().clone()
        elif is_seen_by(self.recording.thread):
            self.recording.keep(self.name, value)


class SaveInRun(Save):
    """One that lasts for a run, at the end of which `collect` is called."""

    traced: Any = None

    @outside_graphs
    def as_torch_calls(self, hook_point: HookPoint, arguments: Any, value: Any) -> None:
        if torch.compiler.is_compiling():
            # no name and no dictionary: the graph is the same for all hook points
            tensor, _ = first_tensor(value)
            self.traced = None if tensor is None else tensor.detach().clone()
        elif is_seen_by(self.recording.thread):
            self.recording.keep(self.name, value)

    def collect(self) -> None:
        """Caches what compiled code has left here."""
        if self.traced is not None:
            self.recording.keep(self.name, self.traced)
