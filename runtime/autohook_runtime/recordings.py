"""What a cache keeps of a run: copies, taken where the values pass."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from pathlib import Path
from threading import get_ident
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.compiler import is_dynamo_compiling
from torch.utils._pytree import register_pytree_node
from transformer_lens.hook_points import HookPoint
from transformer_lens.utilities.slice import Slice

from autohook_runtime.changes import changing
from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.names import ByEitherName, HookDict
from autohook_runtime.own_thread import is_seen_by

AHEAD_OF_HEADS = ("hook_q", "hook_k", "hook_v", "hook_z", "hook_result")
"""TransformerLens's names of values whose positions are the third dimension from behind."""


class Cache(ByEitherName[Any]):
    """What passed each hook point in a run, by its name. What is on disk is read when it is asked
    for."""

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        return load_file(value)["value"] if isinstance(value, Path) else value

    @property
    def nbytes(self) -> int:
        """How much memory the values take; one that stands under several names counts once."""
        values = [value if isinstance(value, list) else [value] for value in self.values()]
        tensors = {id(each): each for several in values for each in several}
        return sum(each.nbytes for each in tensors.values() if isinstance(each, Tensor))


register_pytree_node(
    Cache,
    lambda cache: (list(cache.values()), list(cache)),
    lambda values, names: Cache(zip(names, values, strict=True)),
)


@dataclass(eq=False)
class Recording:
    """Fills a cache, with the values of the thread that made it. As a context it does so for the
    hook points that `at` has named.

    Args:
        to: a device, or a folder (a `Path`) for one safetensors file for each hook point.
        remove_batch_dim: whether a batch of one has no dimension of its own.
        pos_slice: which positions, in the last dimension but one.
        every: a list of what passed in each call, in place of what passed last.
        keep_graph: whether the values lead back to the parameters, for a loss on them.
    """

    to: Any = None
    remove_batch_dim: bool = False
    pos_slice: Any = None
    every: bool = False
    keep_graph: bool = False
    cache: Any = field(default_factory=Cache)

    def __post_init__(self) -> None:
        self.thread = get_ident()
        self.slice = Slice.unwrap(self.pos_slice) if self.pos_slice is not None else None
        self.is_whole = self.slice is None and self.to is None and not self.remove_batch_dim
        self.last: tuple[weakref.ref[Tensor], int, Tensor] | None = None
        self.saves: list[tuple[Save, Any]] = []

    def at(self, hook_dict: HookDict, names: list[str]) -> Recording:
        self.cache.other_names = hook_dict.other_names
        self.saves = [(Save(self, name), hook_dict[name]) for name in names]
        return self

    def __enter__(self) -> None:
        with changing:
            for save, hook_point in self.saves:
                hook_point._forward_hooks[id(save)] = save.as_torch_calls
                hook_point.settle()

    def __exit__(self, *_: Any) -> None:
        with changing:
            for save, hook_point in self.saves:
                hook_point._forward_hooks.pop(id(save), None)
                hook_point.settle()
                if save.traced is not None:  # by compiled code
                    self.keep(save.name, save.traced)
        # what knows this recording, which would otherwise stay until the next garbage collection
        self.saves, self.last = [], None

    def keep(self, name: str, value: Any, conversion: Any = None) -> None:
        """A copy: the value itself may be changed in place after it has passed."""
        tensor = value if isinstance(value, Tensor) else first_tensor(value)[0]
        if tensor is None:
            return
        if conversion is not None:
            tensor = conversion.convert(tensor)
        copied = self._copy(tensor) if self.is_whole else self._part(tensor, name)
        if isinstance(self.to, Path):
            self._store(name, copied)
        elif self.every:
            self.cache.setdefault(name, []).append(copied)
        else:
            self.cache[name] = copied

    def _store(self, name: str, value: Tensor) -> None:
        if self.every:
            name = f"{name}.{sum(other.startswith(f'{name}.') for other in self.cache)}"
        path = self.to / f"{name}.safetensors"
        save_file({"value": value.contiguous()}, path)
        self.cache[name] = path

    def _copy(self, tensor: Tensor) -> Tensor:
        """One for all hook points that a tensor passes, one after the other, without a change."""
        if tensor.is_inference() or is_functorch_wrapped_tensor(tensor):
            return self._detached(tensor).clone()  # nothing says whether it has changed
        last, version = self.last, tensor._version
        if last is not None and last[0]() is tensor and last[1] == version:
            return last[2]
        copied = self._detached(tensor).clone()
        self.last = weakref.ref(tensor), version, copied
        return copied

    def _detached(self, tensor: Tensor) -> Tensor:
        return tensor.detach() if tensor.requires_grad and not self.keep_graph else tensor

    def _part(self, tensor: Tensor, name: str) -> Tensor:
        part = self._detached(tensor)
        if self.remove_batch_dim and part.dim() and part.shape[0] == 1:
            part = part.squeeze(0)
        pos_dim = -3 if name.endswith(AHEAD_OF_HEADS) else -2
        if self.slice is not None and part.dim() >= -pos_dim:
            part = self.slice.apply(part, dim=pos_dim)
        moved = part if isinstance(self.to, Path) else part.to(self.to)
        return moved if moved.device != tensor.device else moved.clone()


class Save:
    """Keeps the values of one hook point, under the name that one root has for it. It is a hook as
    TransformerLens has them; for a run it is put on its hook point as torch has hooks, since
    TransformerLens's ways to add one and take it off cost more than the run."""

    traced: Any = None

    def __init__(self, recording: Recording, name: str) -> None:
        self.recording, self.name = recording, name

    def __call__(self, value: Any, hook: Any) -> None:
        if is_dynamo_compiling():
            self.recording.cache[self.name] = value.detach().clone()
        elif is_seen_by(self.recording.thread):
            self.recording.keep(self.name, value)

    def as_torch_calls(self, hook_point: HookPoint, arguments: Any, value: Any) -> None:
        if is_dynamo_compiling():
            # no name and no dictionary: the graph is the same for all hook points
            tensor, _ = first_tensor(value)
            self.traced = None if tensor is None else tensor.detach().clone()
        elif is_seen_by(self.recording.thread):
            self.recording.keep(self.name, value, hook_point.hook_conversion)
