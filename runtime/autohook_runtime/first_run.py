"""Which modules are a model's embeddings and its unembedding: only a run shows that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.names import HookDict


@contextmanager
def embeddings_found(model: Any) -> Iterator[None]:
    """Looks at the first run of a model that has blocks: `hook_embed` and `hook_pos_embed` are
    `nn.Embedding`s that are called ahead of the first block, `unembed` is the last `nn.Linear`."""
    hook_dict: HookDict = model.hook_dict
    others = hook_dict.other_names
    if others is None or others.in_run is not None or not others.lens.blocks:
        yield
        return
    blocks = [path for paths in others.lens.blocks.values() for path in paths]
    modules = dict(model.named_modules())
    if any(module.__dict__.get("_compiled_call_impl") for module in modules.values()):
        yield
        return
    run = _Run()
    handles = [modules[path].register_forward_pre_hook(run.enter_block) for path in blocks]
    handles.append(model.register_forward_hook(run.end))
    for path, module in modules.items():
        if isinstance(module, nn.Embedding):
            handles.append(module.register_forward_hook(run.embed(path), with_kwargs=True))
        elif isinstance(module, nn.Linear) and not path.startswith(tuple(blocks)):
            handles.append(module.register_forward_hook(run.project(path)))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
    if not run.is_whole:  # it was stopped: another one will show more
        return
    names = run.names()
    own = {name: hook_dict.name_of(f"{path}.hook_point") for name, path in names.items()}
    others.in_run = {name: found for name, found in own.items() if found is not None}


class _Run:
    def __init__(self) -> None:
        self.is_in_blocks = self.is_whole = False
        self.embeddings: dict[str, Tensor | None] = {}
        self.last_linear: str | None = None

    def enter_block(self, *_: Any) -> None:
        self.is_in_blocks = True

    def end(self, *_: Any) -> None:
        self.is_whole = True

    def embed(self, path: str) -> Any:
        def hook(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            if not self.is_in_blocks:
                self.embeddings.setdefault(path, first_tensor((args, kwargs))[0])

        return hook

    def project(self, path: str) -> Any:
        def hook(*_: Any) -> None:
            self.last_linear = path

        return hook

    def names(self) -> dict[str, str]:
        """The paths of the modules, by TransformerLens's names. Positions are told from token types
        by their going up by one."""
        found: dict[str, str] = {}
        first, *others = self.embeddings or [""]
        if first:
            found["hook_embed"] = first
        in_order = [path for path in others if _is_consecutive(self.embeddings[path])]
        if others:
            found["hook_pos_embed"] = (in_order or others)[0]
        if self.last_linear is not None:
            for name in ("unembed", "hook_unembed", "unembed.hook_out"):
                found[name] = self.last_linear
        return found


def _is_consecutive(ids: Tensor | None) -> bool:
    if ids is None or not ids.dim() or ids.size(-1) < 2:
        return False
    return bool(torch.all(ids[..., 1:] - ids[..., :-1] == 1))
