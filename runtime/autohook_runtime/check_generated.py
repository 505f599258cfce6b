"""Whether the version of a class that autohook-codegen writes shows what the runtime shows."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from torch import Tensor
from transformer_lens import HookedRootModule

from autohook_runtime.check_coverage import is_named, on_one_side, seen_as_written
from autohook_runtime.check_report import Report
from autohook_runtime.check_runs import Subject, is_same
from autohook_runtime.sites import DEFAULT_PATTERN, hooked_in_source, modules_of, sites

CHECK = "generated version agrees"
COVERAGE = "generated version covers"
DEFINITIONS = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def generated_version_agrees(subject: Subject, report: Report) -> None:
    """Builds both, the class as it is written, and compares what passes, name by name."""
    try:
        # not a dependency: the runtime works without the code generator
        api = importlib.import_module("autohook_codegen.api")
    except ImportError:
        report.add(CHECK, named=["autohook_codegen"], remark="not checked, not installed:")
        return
    model_class = subject.model_class
    try:
        path = Path(inspect.getsourcefile(model_class) or "")
        text = path.read_text(encoding="utf-8")
        if "." in model_class.__qualname__:
            raise OSError("a class inside of another, or of a function")
    except (OSError, TypeError) as error:
        report.add(CHECK, named=[str(error)], remark="not checked, no source to read:")
        return
    written = api.hook_source(text, path=str(path))
    generated_class = _define(written.code, path, model_class)
    if not issubclass(generated_class, HookedRootModule):  # a part of another class there
        options = api.Options(root=(model_class.__name__,))
        written = api.hook_source(text, options, path=str(path))
        generated_class = _define(written.code, path, model_class)
    generated = subject.build(generated_class)
    got = seen_as_written(subject, generated)
    expected: dict[str, Tensor] = subject.run(subject.build_hooked().run_with_cache)[1]
    count = Counter((site.class_name, site.hook_point) for site in written.sites)
    partly = tuple(
        site.attribute.split(".")[0]
        for site in written.sites
        if site.element is not None or count[site.class_name, site.hook_point] > 1
    )
    modules = modules_of(generated)
    wrong: list[str] = []
    others: list[str] = []
    by_key = hooked_in_source(modules, {DEFAULT_PATTERN})
    paths = {module: path for path, module in modules.items()}
    for site in sites(modules):
        its = by_key.get(site.key, ())
        for one in its:
            name = paths[one.hook_point]
            shown = expected.get(site.name, expected.get(name))
            if name in got and shown is not None and not is_same([got[name]], [shown]):
                last = [part for part in name.split(".") if not part.isdigit()][-1]
                is_partly = last.startswith(partly)
                (others if is_partly or len(its) > 1 else wrong).append(name)
    report.add(
        CHECK, wrong, "another value than the runtime's:",
        named=others, remark="shows another element or operation by design:",
    )  # fmt: skip
    on_one = dict(on_one_side(modules, got, expected))
    noted = [name for name, site in on_one.items() if is_named(site, written.notes)]
    report.add(
        COVERAGE, [name for name in on_one if name not in noted], "one of the two only:",
        named=noted, remark="one of the two only, as a note says:",
    )  # fmt: skip


def _define(code: str, path: Path, model_class: type) -> Any:
    """The generated class. Only definitions are run, over the values that the module has now: a
    script must not start again."""
    tree = ast.parse(code)
    tree.body = [node for node in tree.body if isinstance(node, DEFINITIONS)]
    namespace = dict(vars(sys.modules[model_class.__module__]))
    exec(compile(tree, str(path), "exec"), namespace)
    return namespace[model_class.__name__]
