"""`check_auto_hook`: the whole proof on a user's own class."""

from __future__ import annotations

import copy
import io
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from autohook_runtime.check_generated import generated_version_agrees
from autohook_runtime.check_report import CheckError, Report
from autohook_runtime.check_runs import Subject, backward, gradients, is_same, seeded, tensors
from autohook_runtime.record import unwrap_model


def check_auto_hook(
    model_class: type[nn.Module],
    input_kwargs: Mapping[str, Any],
    init_kwargs: Mapping[str, Any],
    strict: bool = False,
) -> Report:
    """Checks that `auto_hook` is right for a class, on one input.

    Args:
        model_class: the class. It stays as it is, and so does the global random state.
        input_kwargs: what a model is called with.
        init_kwargs: what it is built with.
        strict: whether a failed check raises; else it warns.

    Returns:
        A report that prints as a table, with the hook points that this input does not reach, and
        those where an edit changes nothing, by name.

    Raises:
        CheckError: with the table, if `strict` and a check failed.

    Example:
        >>> print(check_auto_hook(MyModel, {"x": torch.ones(2, 10)}, {}, strict=True))
    """
    if not (isinstance(model_class, type) and issubclass(model_class, nn.Module)):
        raise TypeError(f"check_auto_hook takes a class of nn.Modules, not {model_class!r}")
    subject = Subject(model_class, input_kwargs, init_kwargs)
    report = Report(model_class.__qualname__)
    for check in (
        same_results, names_are_unique, hook_points_fire, edits_change_the_output,
        gradients_reach_backward_hooks, cache_is_right, unwrap_takes_all_back, deepcopy_works,
        pickle_works, dtype_moves_work, generated_version_agrees,
    ):  # fmt: skip
        try:
            check(subject, report)
        except Exception as error:
            name = check.__name__.replace("_", " ")
            report.add(name, [type(error).__name__], f"{error}:")
    if not report.passed:
        if strict:
            raise CheckError(f"auto_hook is not right for this class\n{report}")
        warnings.warn(f"auto_hook is not right for this class\n{report}", stacklevel=2)
    return report


def same_results(subject: Subject, report: Report) -> None:
    outputs, grads = [], []
    for model in (subject.build(), subject.build_hooked()):
        output = subject.run(model)
        outputs.append(tensors(output))
        backward(output)
        grads.append(gradients(model))
    report.add("same outputs", [] if is_same(*outputs) else ["outputs"], "differ:")
    report.add("same gradients", [] if is_same(*grads) else ["gradients"], "differ:")


def names_are_unique(subject: Subject, report: Report) -> None:
    hook_dict = subject.build_hooked().hook_dict
    wrong = [name for name, point in hook_dict.items() if point.name != name]
    points = {id(point) for point in hook_dict.values()}
    wrong += [] if len(points) == len(hook_dict) else ["two names for one"]
    report.add("names unique", wrong, "named otherwise:")


def passed(subject: Subject, model: Any) -> dict[str, Tensor]:
    """What passes each hook point, copied on the spot."""
    values: dict[str, Tensor] = {}

    def keep(value: Tensor, hook: Any) -> None:
        values[hook.name] = value.detach().clone()

    subject.run_with(model, fwd_hooks=[(lambda name: True, keep)])
    return values


def hook_points_fire(subject: Subject, report: Report) -> None:
    model = subject.build_hooked()
    gave: set[str] = set()

    def note(path: str, module: Any, args: Any, output: Any) -> None:
        if tensors(output):
            gave.add(f"{path}.hook_point".lstrip("."))

    handles = [m.register_forward_hook(partial(note, path)) for path, m in model.named_modules()]
    values = passed(subject, model)
    for handle in handles:
        handle.remove()
    report.add(
        "hook points fire",
        [name for name in model.hook_dict if name in gave and name not in values],
        "ran without their hook point:",
        named=[name for name in model.hook_dict if name not in values],
        remark="not reached by this input:",
    )


def edits_change_the_output(subject: Subject, report: Report) -> None:
    model = subject.build_hooked()
    plain, wrong, without = tensors(subject.run(model)), [], []
    for name, value in passed(subject, model).items():
        is_number = value.is_floating_point() or value.is_complex()

        def edit(tensor: Tensor, hook: Any, is_number: bool = is_number) -> Tensor:
            noise = torch.linspace(0.5, 1.5, tensor.numel(), device=tensor.device)
            changed = tensor * 1.5 + noise.reshape(tensor.shape).to(tensor.dtype)
            return changed if is_number else tensor.clone()

        try:
            if is_same(tensors(subject.run_with(model, fwd_hooks=[(name, edit)])), plain):
                without.append(name)
        except Exception as error:
            wrong.append(f"{name} ({type(error).__name__}: {error})")
    wrong += [] if is_same(tensors(subject.run(model)), plain) else ["an edit stayed"]
    report.add(
        "edits change the output", wrong, "", named=without, remark="an edit changes nothing at:"
    )


def gradients_reach_backward_hooks(subject: Subject, report: Report) -> None:
    model = subject.build_hooked()
    needing: set[str] = set()
    seen: dict[str, Tensor] = {}

    def need(value: Tensor, hook: Any) -> None:
        if value.requires_grad:
            needing.add(hook.name)

    def see(gradient: Tensor, hook: Any) -> None:
        seen[hook.name] = gradient

    both = {"fwd_hooks": [(lambda name: True, need)], "bwd_hooks": [(lambda name: True, see)]}
    with model.hooks(**both):
        backward(subject.run(model))
    unhooked = subject.build()
    backward(subject.run(unhooked))
    wrong = [] if is_same(gradients(model), gradients(unhooked)) else ["other gradients than plain"]
    report.add(
        "backward hooks",
        wrong,
        named=[name for name in model.hook_dict if name in needing and name not in seen],
        remark="no gradient of the output comes to:",
    )


def cache_is_right(subject: Subject, report: Report) -> None:
    model = subject.build_hooked()
    values = passed(subject, model)
    _, cache = subject.run(model.run_with_cache)
    wrong = [n for n, value in values.items() if n not in cache or not is_same([cache[n]], [value])]
    report.add("cache", wrong + [n for n in cache if n not in values], "not what passed:")


def unwrap_takes_all_back(subject: Subject, report: Report) -> None:
    plain, model = subject.build(), subject.build_hooked()
    model.add_perma_hook(lambda name: True, lambda tensor, hook: None)
    unwrap_model(model)
    wrong = [
        path or "the model"
        for (path, one), other in zip(plain.named_modules(), model.modules(), strict=True)
        if type(one) is not type(other) or set(one.__dict__) != set(other.__dict__)
    ]
    same = is_same(tensors(subject.run(plain)), tensors(subject.run(model)))
    report.add("unwrap", wrong + ([] if same else ["outputs"]), "not as before:")


def deepcopy_works(subject: Subject, report: Report) -> None:
    if not _plain_can(report, "deepcopy", lambda: copy.deepcopy(subject.build())):
        return
    model = subject.build_hooked()
    copied = copy.deepcopy(model)
    plain = tensors(subject.run(model))
    wrong = [] if is_same(tensors(subject.run(copied)), plain) else ["outputs differ"]
    calls: list[Any] = []
    copied.add_hook(lambda name: True, lambda tensor, hook: calls.append(hook))
    subject.run(model)
    report.add("deepcopy", wrong + (["the copy's hooks fire"] if calls else []))


def pickle_works(subject: Subject, report: Report) -> None:
    def pickled(model: nn.Module) -> Any:
        file = io.BytesIO()
        torch.save(model, file)
        file.seek(0)
        with seeded():
            return torch.load(file, weights_only=False)

    if not _plain_can(report, "pickle", lambda: pickled(subject.build())):
        return
    loaded = pickled(subject.build_hooked())
    same = is_same(*(tensors(subject.run(model)) for model in (pickled(subject.build()), loaded)))
    wrong = [] if same else ["outputs differ"]
    report.add("pickle", wrong if hasattr(loaded, "hook_dict") else ["not hooked"])


def dtype_moves_work(subject: Subject, report: Report) -> None:
    def to_double(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.double() if value.is_floating_point() else value
        return {k: to_double(v) for k, v in value.items()} if isinstance(value, dict) else value

    plain: list[Tensor] = []
    run = lambda: plain.extend(tensors(subject.run(subject.build().double(), to_double)))  # noqa: E731
    if not _plain_can(report, "dtype moves", run):
        return
    output, cache = subject.run(subject.build_hooked().double().run_with_cache, to_double)
    before = passed(subject, subject.build_hooked())
    wrong = [] if is_same(tensors(output), plain) else ["outputs"]
    report.add("dtype moves", wrong + [name for name in before if name not in cache], "missing:")


def _plain_can(report: Report, check: str, action: Callable[[], Any]) -> bool:
    """Whether the plain class can do this; else there is nothing to check."""
    try:
        action()
    except Exception as error:
        named = [f"{type(error).__name__}: {error}"]
        report.add(check, named=named, remark="not the plain class either:")
        return False
    return True
