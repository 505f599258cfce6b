"""The stub files: which entry stands where. An entry is parsed when it is first asked for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

__all__ = [
    "StubEntry",
    "all_entries",
    "default_entry",
    "entry_named",
    "find_entry",
    "find_near",
    "normalised",
]

_START = re.compile(r"(?:class|def) (\w+)|(\w+)\s*[:=]")
_MODULE = re.compile(r'__name__ = "([\w.]+)"')
_LONG_TORCH_NAME = re.compile(r"torch\.nn\.(?:modules(?:\.\w+)*|parameter)\.([A-Z]\w*)")


@dataclass(eq=False, slots=True)
class StubEntry:
    """A function, class or table of a library."""

    module: str
    name: str
    lines: list[str]
    _node: ast.stmt | None = field(default=None, init=False)

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def node(self) -> ast.stmt:
        if self._node is None:
            self._node = ast.parse("\n".join(self.lines)).body[0]
        return self._node

    def inner(self) -> dict[str, StubEntry]:
        """Return the members of a large class, each unparsed."""
        dedented = [line[4:] for line in self.lines[1:]]
        return {entry.name: entry for entry in _split(dedented, self.dotted)}


@dataclass(slots=True)
class _Index:
    by_dotted: dict[str, StubEntry] = field(default_factory=dict)
    by_name: dict[str, list[StubEntry]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def _index() -> _Index:
    index = _Index()
    for path in sorted((Path(__file__).parent / "stubs").glob("*.pyi")):
        for entry in _split(path.read_text(encoding="utf-8").split("\n"), ""):
            index.by_dotted[entry.dotted] = entry
            index.by_name.setdefault(entry.name, []).append(entry)
    return index


def _split(lines: list[str], module: str) -> Iterator[StubEntry]:
    """Yield what begins at the left margin, with the lines that belong to it; ``__name__ = "…"``
    says in which module it and the next ones are."""
    entry: StubEntry | None = None
    decorators: list[str] = []
    for line in lines:
        if line.startswith("@"):
            decorators.append(line)
            continue
        if line[:1] in ("", " ", ")"):
            if entry is not None:
                entry.lines.append(line)
            continue
        if entry is not None:
            yield entry
            entry = None
        named = _MODULE.match(line)
        found = _START.match(line)
        if named is not None:
            module = named[1]
        elif found is not None:
            entry = StubEntry(module, found[1] or found[2], [*decorators, line])
            decorators = []
    if entry is not None:
        yield entry


def all_entries() -> Iterator[StubEntry]:
    return iter(_index().by_dotted.values())


def normalised(dotted: str) -> str:
    """Return ``torch.nn.Linear`` for ``torch.nn.modules.linear.Linear``."""
    found = _LONG_TORCH_NAME.fullmatch(dotted)
    return f"torch.nn.{found[1]}" if found else dotted


def find_entry(dotted: str) -> StubEntry | None:
    """Return the entry of exactly this name; Python's own functions need no ``builtins.``."""
    entries = _index().by_dotted
    dotted = normalised(dotted)
    return entries.get(dotted) or entries.get(f"builtins.{dotted}")


def default_entry(dotted: str) -> StubEntry | None:
    """Return what a stub says of all that it does not name: ``def __getattr__(name) -> Tensor``."""
    module = normalised(dotted).rpartition(".")[0]
    return _index().by_dotted.get(f"{module}.__getattr__")


def entry_named(name: str, module: str) -> StubEntry | None:
    """Return the entry that a stub means by a bare name: in its own module, else in any."""
    entry = _index().by_dotted.get(f"{module}.{name}")
    if entry is not None:
        return entry
    others = (one for one in _index().by_name.get(name, ()) if one.module != "builtins")
    return next(others, None)


def find_near(dotted: str, by_last_name: bool) -> StubEntry | None:
    """Return the entry of that name, or the one that it must mean.

    ``timm.models.layers.DropPath`` is re-exported by its library; ``modeling_outputs.ModelOutput``
    comes from a relative import whose package is not known. A class may also be found by its last
    name alone, unless it says that it comes from torch.
    """
    entry = find_entry(dotted)
    if entry is not None or "." not in dotted:
        return entry
    names = dotted.split(".")
    if names[0] == "torch":
        return None
    near = [
        one for one in _index().by_name.get(names[-1], ()) if not one.module.startswith("torch")
    ]
    for one in near:
        module = one.module.split(".")
        if module[0] == names[0] or names[-2] in module[1:]:
            return one
    return near[0] if near and by_last_name and near[0].module != "builtins" else None
