"""Hooked copies of modules that are installed, imported beside the originals."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from autohook_codegen import hook_source
from autohook_codegen.relative_imports import make_imports_absolute

PACKAGE = "hooked_copies"


@functools.cache
def _package() -> Path:
    """The folder of a package that stays until Python ends: tracebacks and `inspect` read it."""
    folder = tempfile.TemporaryDirectory(prefix="hooked_copies_")
    package = ModuleType(PACKAGE)
    package.__path__ = [folder.name]
    package.__dict__["folder"] = folder  # removed with it
    sys.modules[PACKAGE] = package
    return Path(folder.name)


@functools.cache
def hooked_copy(name: str) -> ModuleType:
    """A hooked copy of the installed module `name`, which lies outside its package.

    Example:
        >>> hooked_copy("transformers.models.gpt2.modeling_gpt2").__name__
        'hooked_copies.modeling_gpt2'
    """
    return _copy(name, hook_source(_text(name)).code)


@functools.cache
def plain_copy(name: str) -> ModuleType:
    """An unhooked copy: libraries may treat classes that are not their own in another way."""
    return _copy(name, _text(name), "plain_")


def _text(name: str) -> str:
    path = importlib.import_module(name).__file__
    assert path is not None
    return Path(path).read_text("utf-8")


def _copy(name: str, code: str, prefix: str = "") -> ModuleType:
    package, _, stem = name.rpartition(".")
    code, _ = make_imports_absolute(code, package)
    (_package() / f"{prefix}{stem}.py").write_text(code, "utf-8")
    importlib.invalidate_caches()
    return importlib.import_module(f"{PACKAGE}.{prefix}{stem}")
