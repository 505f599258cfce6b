"""The stub files: which entry stands where. An entry is parsed when it is first asked for."""

from __future__ import annotations

import ast
import re
from functools import cache, cached_property
from pathlib import Path

__all__ = ["StubEntry", "entry_named", "find_entry", "normalised"]

_ENTRY = re.compile(
    r'__name__ = "(?P<module>[\w.]+)"|(?:class|def) (?P<name>\w+)|(?P<attribute>\w+)\s*[:=]'
)
_LONG_TORCH_NAME = re.compile(r"torch\.nn\.(?:modules(?:\.\w+)*|parameter)\.([A-Z]\w*)")


class StubEntry:
    """A function, class, table or other name of something in a library."""

    def __init__(self, module: str, name: str, lines: list[str]) -> None:
        self.module = module
        self.name = name
        self.dotted = f"{module}.{name}"
        self.lines = lines

    @cached_property
    def node(self) -> ast.stmt:
        return ast.parse("\n".join(self.lines)).body[0]


@cache
def _entries() -> dict[str, StubEntry]:
    """Return all entries; ``__name__ = "…"`` says in which module those after it stand."""
    found: dict[str, StubEntry] = {}
    lines: list[str] = []
    module = ""
    for file in sorted((Path(__file__).parent / "stubs").glob("*.pyi")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            match = _ENTRY.match(line)
            if match is None:
                lines.append(line)  # of the entry before
            elif match["module"]:
                module = match["module"]
            else:
                lines = [line]
                entry = StubEntry(module, match["name"] or match["attribute"], lines)
                found[entry.dotted] = entry
    return found


@cache
def _by_name() -> dict[str, list[StubEntry]]:
    found: dict[str, list[StubEntry]] = {}
    for entry in _entries().values():
        if entry.module not in ("builtins", "torch.Tensor"):
            found.setdefault(entry.name, []).append(entry)
    return found


def normalised(dotted: str) -> str:
    """Return ``torch.nn.Linear`` for ``torch.nn.modules.linear.Linear``."""
    found = _LONG_TORCH_NAME.fullmatch(dotted)
    return f"torch.nn.{found[1]}" if found else dotted


def entry_named(name: str, module: str) -> StubEntry | None:
    """Return the entry that a stub means by a bare name: in its own module, else in any."""
    return _entries().get(f"{module}.{name}") or next(iter(_by_name().get(name, ())), None)


def find_entry(dotted: str) -> StubEntry | None:
    """Return the entry of that name, or the one that it must mean.

    What tensors have as a method, torch has as a function too, and ``relu_`` is ``relu`` in place.
    ``timm.models.layers.DropPath`` is re-exported by its library; ``modeling_outputs.ModelOutput``
    comes from a relative import whose package is not known. A class is found by its last name alone
    too, unless it says that it comes from torch. Last, a stub may say something of all functions or
    classes that it does not name.
    """
    module, _, name = normalised(dotted).rpartition(".")
    for place in (module or "builtins", "torch.Tensor" if module == "torch" else ""):
        entry = _entries().get(f"{place}.{name}")
        if entry is None and name.endswith("_") and not name.startswith("_"):
            found = _entries().get(f"{place}.{name[:-1]}") or _entries().get(f"{place}._")
            entry = StubEntry(place, name, found.lines) if found is not None else None
        if entry is not None:
            return entry
    if module and not module.startswith("torch"):
        return _find_near(module.split("."), name)
    default = _entries().get(f"{module}.__getattr__")
    if default is None or isinstance(default.node, ast.ClassDef) != name[:1].isupper():
        return None
    return StubEntry(module, name, default.lines)


def _find_near(module: list[str], name: str) -> StubEntry | None:
    others = [one for one in _by_name().get(name, ()) if not one.module.startswith("torch")]
    for one in others:
        parts = one.module.split(".")
        if parts[0] == module[0] or module[-1] in parts[1:]:
            return one
    return others[0] if others and name[:1].isupper() else None
