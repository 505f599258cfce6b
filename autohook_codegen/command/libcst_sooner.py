"""libcst, loaded in three quarters of its time.

Loading libcst is the longest part of a run on one file, and most of it is spent on compiling the
methods that `dataclass` writes for its two hundred classes. Their `__repr__` is never called here,
and the methods that forbid assignment only guard against mistakes. In the process of the command,
and nowhere else, libcst's classes are made without them.
"""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

__all__ = ["load_libcst"]


def load_libcst() -> None:
    """Import libcst, if nobody has yet."""
    if "libcst" in sys.modules:
        return
    real: Any = dataclasses.dataclass
    thawed: list[Any] = []

    def dataclass(cls: type | None = None, /, **choices: Any) -> Any:
        def make(cls: type) -> Any:
            if not cls.__module__.startswith("libcst."):
                return real(cls, **choices)
            fewer = {**choices, "frozen": False, "repr": False}
            if choices.get("frozen") and choices.get("eq", True) and "__hash__" not in vars(cls):
                fewer["unsafe_hash"] = True  # what is frozen and compares by value has a hash
            made = real(cls, **fewer)
            if choices.get("frozen"):
                thawed.append(made.__dataclass_params__)
            return made

        return make if cls is None else make(cls)

    dataclasses.dataclass = dataclass
    try:
        import libcst  # noqa: F401
    finally:
        dataclasses.dataclass = real
        for parameters in thawed:  # a frozen class may inherit only from what says it is frozen
            parameters.frozen = True
