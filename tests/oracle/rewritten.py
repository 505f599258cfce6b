"""Classes of transformers from their rewritten files."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from autohook_codegen import Options, hook_source
from tests.zoo.made_with import REWRITER, RUNTIME, code_digest

FOLDER = Path(__file__).parents[2] / "build" / "oracle"


def rows_path(kind: str) -> Path:
    """Where the rows stand that an oracle has made of the code as it is."""
    made_with = ("comparing", "rewritten", "small_configs", kind)
    code = (*REWRITER, *RUNTIME, *(f"tests/oracle/{name}.py" for name in made_with))
    return FOLDER / f"{kind}.{code_digest(code)}.json"


def rewritten_class(cls: type) -> Any:
    """The class of the same name in its file, rewritten with `--hook all`."""
    return getattr(rewritten_module(cls.__module__), cls.__name__)


@cache
def rewritten_module(name: str) -> ModuleType:
    path = Path(str(sys.modules[name].__file__))
    hooked = f"{name}_hooked"
    spec: Any = importlib.util.spec_from_loader(hooked, None)
    module = sys.modules[hooked] = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)
    exec(compile(_text(path), f"{path.stem}_hooked.py", "exec"), module.__dict__)
    return module


def _text(path: Path) -> str:
    """Kept from one run to the next, for as long as the rewriter and the file stay."""
    source = path.read_text()
    digest = hashlib.sha1((code_digest(REWRITER) + source).encode()).hexdigest()[:16]
    kept = FOLDER / f"{path.stem}.{digest}.py"
    if not kept.exists():
        options = Options(activations=True, format=False)
        FOLDER.mkdir(parents=True, exist_ok=True)
        kept.write_text(hook_source(source, options, path=str(path)).code)
    return kept.read_text()
