"""What `auto_hook` changes in TransformerLens's methods of a hooked model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint, LensHandle

from autohook_runtime.chains import run_from
from autohook_runtime.changes import changing
from autohook_runtime.first_run import embeddings_found
from autohook_runtime.first_tensor import first_tensor
from autohook_runtime.hook_points import Direction, Hook, KeptHookPoint
from autohook_runtime.names import Wanted, warn_of_silent
from autohook_runtime.own_thread import OwnThread
from autohook_runtime.record import keep_current, unwrap_model
from autohook_runtime.recordings import Cache, Recording, Save
from autohook_runtime.stopping import stopping

Hooks = Sequence[tuple[Wanted, Hook]]
Model = TypeVar("Model", bound="RootMethods")


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
            fwd_hooks: pairs of a hook point's name (or a pattern, a regular expression, a test of
                names) and a function of the tensor and `hook`, which may return another tensor to
                take its place.
            bwd_hooks: the same for gradients.
            reset_hooks_end: whether the hooks go with the block; else they stay.
            clear_contexts: whether the hook points' `ctx` is cleared then.

        Raises:
            KeyError: for a name that there is not, with those that are nearest to it.
        """
        hook_dict = keep_current(self)
        added: list[tuple[HookPoint, Direction, LensHandle]] = []
        with changing:
            self.context_level += 1
            level = self.context_level
        try:
            both: tuple[tuple[Direction, Hooks], ...] = (("fwd", fwd_hooks), ("bwd", bwd_hooks))
            with changing:
                for direction, hooks in both:
                    for wanted, hook in hooks:
                        for name in hook_dict.wanted(wanted):
                            handle = hook_dict[name].add_hook(hook, direction, level=level)
                            added.append((hook_dict[name], direction, handle))
            yield self
        finally:
            with changing:
                self.context_level -= 1
            if reset_hooks_end:
                # these and no others: another thread may have its own on the same hook points
                with changing:
                    for hook_point, direction, handle in added:
                        assert isinstance(hook_point, KeptHookPoint)
                        hook_point.take_off(handle, direction)
                self.is_caching = False
                if clear_contexts:
                    RootMethods.clear_contexts(self)  # type: ignore[no-untyped-call]

    def run_with_hooks(
        self,
        *model_args: Any,
        fwd_hooks: Hooks = [],  # noqa: B006 (TransformerLens's signature)
        bwd_hooks: Hooks = [],  # noqa: B006
        reset_hooks_end: bool = True,
        clear_contexts: bool = False,
        start: str | None = None,
        **model_kwargs: Any,
    ) -> Any:
        """The model's output with these hooks. They see this thread's run only, and are gone when
        it returns: for gradients, call `backward` inside of `with model.hooks(...)`. With `start`
        as in `run_with_cache`.

        Example:
            >>> model.run_with_hooks(x, fwd_hooks=[("fc1.hook_point", lambda t, hook: t * 0)])
        """
        fwd = [(name, OwnThread(hook)) for name, hook in fwd_hooks]
        bwd = [(name, OwnThread(hook)) for name, hook in bwd_hooks]
        with (
            embeddings_found(self),
            RootMethods.hooks(self, fwd, bwd, reset_hooks_end, clear_contexts),
        ):
            output = run_from(self, start, model_args, model_kwargs)
        warn_of_silent(name for name, hook in fwd if isinstance(name, str) and not hook.was_called)
        return output

    def run_with_cache(
        self,
        *model_args: Any,
        names_filter: Wanted | None = None,
        device: Any = None,
        remove_batch_dim: bool = False,
        incl_bwd: bool = False,
        reset_hooks_end: bool = True,
        clear_contexts: bool = False,
        pos_slice: Any = None,
        to: Any = None,
        every: bool = False,
        keep_graph: bool = False,
        start: str | None = None,
        stop_at: str | None = None,
        **model_kwargs: Any,
    ) -> tuple[Any, Cache]:
        """The model's output, and what passed each hook point, by its name.

        Args:
            names_filter: a name, a pattern such as `"*.mlp.*"`, a regular expression, a test of
                names, or several of them.
            incl_bwd: whether `backward` is called on the output (on its first tensor, which must be
                a scalar, such as a Hugging Face output's `loss`); `NAME_grad` holds the gradients.
            to: a device, or the `Path` of a folder for a safetensors file for each name.
            every: a list of what passed in each call, in place of what passed last.
            keep_graph: whether the values lead back to the parameters, for a loss on them.
            start: a hook point. What the model is called with is then what comes there, and nothing
                ahead of it runs: for chains, `nn.Sequential`s.
            stop_at: a hook point at which the run ends. The output is then what passed there; so it
                is with `stop_at_layer=N`, ahead of the model's Nth layer.
            (the others): as TransformerLens has them.
        """
        if remove_batch_dim:
            given, _ = first_tensor((model_args, model_kwargs))
            if given is not None and given.dim() and given.shape[0] != 1:
                raise ValueError(f"remove_batch_dim needs a batch of 1, got {given.shape[0]}")
        to = device if to is None else to
        recording = Recording(to, remove_batch_dim, pos_slice, every, keep_graph)
        hook_dict = keep_current(self)
        names = hook_dict.found(names_filter)
        bwd = [(n, OwnThread(Save(recording, f"{n}_grad"))) for n in names if incl_bwd]
        gradients = RootMethods.hooks(self, bwd_hooks=bwd) if bwd else nullcontext()
        with embeddings_found(self), recording.at(hook_dict, names), gradients:
            with stopping(self, stop_at, model_kwargs) as stopped:
                stopped.value = run_from(self, start, model_args, model_kwargs)
            if incl_bwd:
                scalar, _ = first_tensor(stopped.value)
                if scalar is None:
                    raise TypeError(f"incl_bwd needs a scalar, got {type(stopped.value).__name__}")
                scalar.backward()  # type: ignore[no-untyped-call]
        if clear_contexts:
            RootMethods.clear_contexts(self)  # type: ignore[no-untyped-call]
        silent = [name for name in names if not dict.__contains__(recording.cache, name)]
        if not isinstance(names_filter, (str, list)):
            silent = [name for name in silent if hook_dict[name].was_read]
        warn_of_silent(silent)
        return stopped.value, recording.cache

    @contextmanager
    def caching(
        self,
        names_filter: Wanted | None = None,
        *,
        to: Any = None,
        every: bool = False,
        keep_graph: bool = False,
        pos_slice: Any = None,
    ) -> Iterator[Cache]:
        """Caches what passes in this thread as long as the `with` block lasts, whatever is called
        in it. The arguments are those of `run_with_cache`.

        Example:
            >>> with model.caching("*.mlp.hook_point", every=True) as cache:
            ...     model.generate(ids)
        """
        recording = Recording(to, False, pos_slice, every, keep_graph)
        hook_dict = keep_current(self)
        names = hook_dict.found(names_filter)
        with embeddings_found(self), recording.at(hook_dict, names):
            yield recording.cache

    def get_caching_hooks(
        self,
        names_filter: Wanted | None = None,
        incl_bwd: bool = False,
        device: Any = None,
        remove_batch_dim: bool = False,
        cache: dict[str, Any] | None = None,
        pos_slice: Any = None,
    ) -> tuple[dict[str, Any], Any, Any]:
        """A cache and the hooks that fill it, for `hooks` or `run_with_hooks`."""
        recording = Recording(
            device, remove_batch_dim, pos_slice, cache=Cache() if cache is None else cache
        )
        hook_dict = keep_current(self)
        names = hook_dict.found(names_filter)
        if isinstance(recording.cache, Cache):
            recording.cache.other_names = hook_dict.other_names
        bwd = [(name, Save(recording, f"{name}_grad")) for name in names if incl_bwd]
        return recording.cache, [(name, Save(recording, name)) for name in names], bwd

    def add_caching_hooks(
        self, names_filter: Wanted | None = None, incl_bwd: bool = False, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        """Adds hooks that cache until `reset_hooks()`. Returns the cache that they fill."""
        cache, fwd, bwd = RootMethods.get_caching_hooks(
            self, names_filter, incl_bwd, *args, **kwargs
        )
        self.is_caching = True
        for name, hook in fwd:
            self.hook_dict[name].add_hook(hook, "fwd")
        for name, hook in bwd:
            self.hook_dict[name].add_hook(hook, "bwd")
        return cache

    def add_hook(
        self,
        name: Wanted,
        hook: Hook,
        dir: Direction = "fwd",
        is_permanent: bool = False,
        level: int | None = None,
        prepend: bool = False,
    ) -> None:
        """Adds a hook that stays until `reset_hooks()`.

        Raises:
            KeyError: for a name that there is not, with those that are nearest to it.
        """
        hook_dict = keep_current(self)
        for each in hook_dict.wanted(name):
            RootMethods.check_and_add_hook(
                self, hook_dict[each], each, hook, dir, is_permanent, level, prepend
            )

    def setup(self, *args: Any, **kwargs: Any) -> None:
        """TransformerLens's name for what `auto_hook(self)` does: adds hook points for what has
        come since."""
        keep_current(self)

    def unwrap(self: Any) -> Any:
        """Gives back this model as it was before `auto_hook`."""
        return unwrap_model(self)
