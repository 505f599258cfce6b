"""Which modules are a model's embeddings and its unembedding: only a run shows that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor, nn

from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.names import HookDict
from autohook_runtime.other_names import OtherNames

Called = list[tuple[str, Tensor | None]]
"""The paths of modules in the order in which they were called; of embeddings, what they got."""


def embeddings_found(model: Any) -> AbstractContextManager[None]:
    """Looks at the first run of a model that has blocks: `hook_embed` and `hook_pos_embed` are
    `nn.Embedding`s that are called ahead of the first block, `unembed` is the last `nn.Linear`."""
    hook_dict: HookDict = model.hook_dict
    others = hook_dict.other_names
    if others is None or others.in_run is not None or not others.lens.blocks:
        return nullcontext()
    modules = dict(model.named_modules())
    if any(module.__dict__.get("_compiled_call_impl") for module in modules.values()):
        return nullcontext()
    return _embeddings_found(model, modules, others)


@contextmanager
def _embeddings_found(
    model: Any, modules: dict[str, nn.Module], others: OtherNames
) -> Iterator[None]:
    blocks = {path for paths in others.lens.blocks.values() for path in paths}
    called: Called = []

    def note(path: str) -> Any:
        def hook(module: nn.Module, args: Any, kwargs: Any, output: Any = None) -> None:
            is_embedding = isinstance(module, nn.Embedding)
            called.append((path, first_tensor((args, kwargs))[0] if is_embedding else None))

        return hook

    handles = [model.register_forward_hook(note(""), with_kwargs=True)]
    for path, module in modules.items():
        is_outside = not path.startswith(tuple(blocks))
        if path in blocks or (is_outside and isinstance(module, (nn.Embedding, nn.Linear))):
            handles.append(module.register_forward_pre_hook(note(path), with_kwargs=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    if called and called[-1][0] == "":  # else it was stopped: another one will show more
        found = _names(called, modules, blocks)
        own = {name: model.hook_dict.name_of(f"{path}.hook_point") for name, path in found.items()}
        others.in_run = {name: path for name, path in own.items() if path is not None}


def _names(called: Called, modules: dict[str, nn.Module], blocks: set[str]) -> dict[str, str]:
    """The paths of the modules, by TransformerLens's names. Positions are told from token types by
    their going up by one."""
    found: dict[str, str] = {}
    ahead: dict[str, Tensor | None] = {}
    for path, given in takewhile(lambda each: each[0] not in blocks, called):
        if isinstance(modules[path], nn.Embedding):
            ahead.setdefault(path, given)
    linear = [path for path, _ in called if isinstance(modules[path], nn.Linear)]
    first, *others = ahead or [""]
    if first:
        found["hook_embed"] = first
    if others:
        in_order = [path for path in others if _is_consecutive(ahead[path])]
        found["hook_pos_embed"] = (in_order or others)[0]
    if linear:
        for name in ("unembed", "hook_unembed", "unembed.hook_out"):
            found[name] = linear[-1]
    return found


def _is_consecutive(ids: Tensor | None) -> bool:
    if ids is None or not ids.dim() or ids.size(-1) < 2:
        return False
    return bool(torch.all(ids[..., 1:] - ids[..., :-1] == 1))
