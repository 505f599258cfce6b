"""The line length of the project that a file belongs to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["DEFAULT_LINE_LENGTH", "project_line_length"]

DEFAULT_LINE_LENGTH = 88


def project_line_length(start: Path) -> int:
    """What the nearest `pyproject.toml` at or above the folder `start` says, black's before ruff's.

    One without a section of either is passed by, as black does it.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        tools = _tools(folder / "pyproject.toml")
        sections = [tools[name] for name in ("black", "ruff") if isinstance(tools.get(name), dict)]
        for section in sections:
            length = section.get("line-length", section.get("line_length"))
            if isinstance(length, int) and length > 0:
                return length
        if sections or (folder / ".git").exists() or (folder / ".hg").exists():
            break
    return DEFAULT_LINE_LENGTH


def _tools(path: Path) -> dict[str, Any]:
    """The table ``tool``; empty where the file is missing or broken: it is not ours to judge."""
    try:
        tools = tomllib.loads(path.read_text(encoding="utf-8")).get("tool")
    except (OSError, ValueError):
        return {}
    return tools if isinstance(tools, dict) else {}
