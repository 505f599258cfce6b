"""What `auto_hook` changes in TransformerLens's methods of a hooked model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, TypeVar

from torch import Tensor
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint, LensHandle
from transformer_lens.utilities.slice import Slice

from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.hook_points import add_hook
from autohook_runtime.own_thread import OwnThread, changing

Hooks = Sequence[tuple[str | Callable[[str], bool], Callable[..., Any]]]
Direction = Literal["fwd", "bwd"]
Model = TypeVar("Model", bound="RootMethods")


class NamedHookPoint:
    """A hook point under the name that one root has for it (of nested roots, the outermost names
    it)."""

    def __init__(self, hook_point: HookPoint, name: str) -> None:
        self._hook_point, self.name = hook_point, name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self._hook_point, attribute)


def _save_copy(
    value: Any, hook: HookPoint, save: Callable[..., None], name: str | None = None
) -> None:
    """Caches a copy: the value itself may be changed in place after it has passed."""
    tensor, _ = first_tensor(value)
    if tensor is not None:
        save(tensor.detach().clone(), hook=NamedHookPoint(hook, name or str(hook.name)))


class _Whole(Slice):
    """No slice. TransformerLens's own indexes every value with `:` also where nothing is to be cut,
    and nested tensors do not take that."""

    def apply(self, tensor: Tensor, dim: int = 0) -> Tensor:
        return tensor


class RootMethods(HookedRootModule):
    """The base that a hooked model's class has besides its own. A name that the model uses itself
    stays the model's; so these methods call one another by this class."""

    @contextmanager
    def hooks(
        self: Model,
        fwd_hooks: Hooks = [],  # noqa: B006 (TransformerLens's signature)
        bwd_hooks: Hooks = [],  # noqa: B006
        reset_hooks_end: bool = True,
        clear_contexts: bool = False,
    ) -> Iterator[Model]:
        """Hooks that last as long as the `with` block. Call `backward` inside it where backward
        hooks or gradient checkpointing are involved.

        Args:
            fwd_hooks: pairs of a hook point's name (or a test of names) and a function of the
                tensor and `hook`, which may return another tensor to take its place.
            bwd_hooks: the same for gradients.
            reset_hooks_end: whether the hooks go with the block; else they stay.
            clear_contexts: whether the hook points' `ctx` is cleared then.
        """
        added: list[tuple[HookPoint, Direction, LensHandle]] = []
        hook_dict = self.hook_dict
        with changing:
            self.context_level += 1
            level = self.context_level
        try:
            both: tuple[tuple[Direction, Hooks], ...] = (("fwd", fwd_hooks), ("bwd", bwd_hooks))
            for direction, hooks in both:
                for name, hook in hooks:
                    for hook_point in RootMethods._hook_points_of(self, name, hook_dict):
                        handle = add_hook(hook_point, hook, direction, level=level)
                        added.append((hook_point, direction, handle))
            yield self
        finally:
            with changing:
                self.context_level -= 1
            if reset_hooks_end:
                # these and no others: another thread may have its own on the same hook points
                for hook_point, direction, handle in added:
                    handle.hook.remove()
                    handles = hook_point.fwd_hooks if direction == "fwd" else hook_point.bwd_hooks
                    if handle in handles:
                        handles.remove(handle)
                self.is_caching = False
                if clear_contexts:
                    RootMethods.clear_contexts(self)  # type: ignore[no-untyped-call]

    def _hook_points_of(
        self, name: str | Callable[[str], bool], hook_dict: dict[str, HookPoint]
    ) -> list[HookPoint]:
        if not isinstance(name, str):
            return [point for point_name, point in hook_dict.items() if name(point_name)]
        if name not in hook_dict:
            raise KeyError(f"no hook point {name!r} in {type(self).__name__}; see hook_dict")
        return [hook_dict[name]]

    def run_with_hooks(
        self,
        *model_args: Any,
        fwd_hooks: Hooks = [],  # noqa: B006 (TransformerLens's signature)
        bwd_hooks: Hooks = [],  # noqa: B006
        reset_hooks_end: bool = True,
        clear_contexts: bool = False,
        **model_kwargs: Any,
    ) -> Any:
        """The model's output with these hooks. They see this thread's run only, and are gone when
        it returns: for gradients, call `backward` inside of `with model.hooks(...)`.

        Example:
            >>> model.run_with_hooks(x, fwd_hooks=[("fc1.hook_point", lambda t, hook: t * 0)])
        """
        fwd = [(name, OwnThread(hook)) for name, hook in fwd_hooks]
        bwd = [(name, OwnThread(hook)) for name, hook in bwd_hooks]
        with RootMethods.hooks(self, fwd, bwd, reset_hooks_end, clear_contexts):
            return self(*model_args, **model_kwargs)

    def run_with_cache(
        self,
        *model_args: Any,
        incl_bwd: bool = False,
        reset_hooks_end: bool = True,
        clear_contexts: bool = False,
        names_filter: Any = None,
        device: Any = None,
        remove_batch_dim: bool = False,
        pos_slice: Any = None,
        **model_kwargs: Any,
    ) -> tuple[Any, dict[str, Tensor]]:
        """The model's output, and what passed each hook point, by its name.

        With `incl_bwd`, `backward` is called on the output (on its first tensor, which must be a
        scalar, such as a Hugging Face output's `loss`), and `NAME_grad` holds the gradients.
        The other arguments are those of TransformerLens's `HookedRootModule.run_with_cache`.
        """
        cache, fwd, bwd = RootMethods.get_caching_hooks(
            self, names_filter, incl_bwd, device, remove_batch_dim, pos_slice=pos_slice
        )
        fwd = [(name, OwnThread(hook)) for name, hook in fwd]
        bwd = [(name, OwnThread(hook)) for name, hook in bwd]
        with RootMethods.hooks(self, fwd, bwd, reset_hooks_end, clear_contexts):
            output = self(*model_args, **model_kwargs)
            if incl_bwd:
                scalar, _ = first_tensor(output)
                if scalar is None:
                    raise TypeError(f"incl_bwd needs a scalar output, got {type(output).__name__}")
                scalar.backward()  # type: ignore[no-untyped-call]
        return output, cache

    def get_caching_hooks(
        self,
        names_filter: Any = None,
        incl_bwd: bool = False,
        device: Any = None,
        remove_batch_dim: bool = False,
        cache: dict[str, Tensor] | None = None,
        pos_slice: Any = None,
    ) -> tuple[dict[str, Tensor], Any, Any]:
        """TransformerLens's, with copies of the values."""
        part = _Whole() if pos_slice is None else pos_slice
        cache, fwd, bwd = super().get_caching_hooks(
            names_filter, incl_bwd, device, remove_batch_dim, cache, part
        )
        return (
            cache,
            [(name, partial(_save_copy, save=save, name=name)) for name, save in fwd],
            [(name, partial(_save_copy, save=save, name=name)) for name, save in bwd],
        )

    def add_caching_hooks(
        self, names_filter: Any = None, incl_bwd: bool = False, *args: Any, **kwargs: Any
    ) -> dict[str, Tensor]:
        """Adds hooks that cache until `reset_hooks()`. Returns the cache that they fill."""
        cache, fwd, bwd = RootMethods.get_caching_hooks(
            self, names_filter, incl_bwd, *args, **kwargs
        )
        hook_dict = self.hook_dict
        for name, hook in fwd:
            hook_dict[name].add_hook(hook, "fwd")
        for name, hook in bwd:
            hook_dict[name].add_hook(hook, "bwd")
        return cache

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """TransformerLens's name for what `auto_hook(self)` does: adds hook points for what has
        come since."""
        from autohook_runtime.hooking import hook_module

        hook_module(self)

    def unwrap(self: Any) -> Any:
        """Gives back this model as it was before `auto_hook`."""
        from autohook_runtime.hooking import unwrap

        return unwrap(self)
