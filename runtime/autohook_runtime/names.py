"""Names of hook points: how they are asked for, and what is said of one that there is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import filter as matching_glob
from typing import Any, TypeVar

from transformer_lens.hook_points import HookPoint

Wanted = str | re.Pattern[str] | Callable[[str], bool] | Iterable[str]
"""A name, `"*.mlp.*"`, a compiled regular expression, a test of names, or several of them."""
Value = TypeVar("Value")


def words(name: str) -> tuple[str, ...]:
    """What a generated and a runtime name of one hook point have in common.

    >>> words("blocks.0.fc_hook_point") == words("blocks.0.fc.hook_point")
    True
    >>> words("blocks_hook_points.0") == words("blocks.0.hook_point")
    True
    """
    parts = re.split(r"[._]", name)
    return tuple(part for part in parts if part not in ("hook", "point", "points"))


class ByEitherName(dict[str, Value]):
    """By the names of hook points, where each may also be asked for by its other name: generated
    (`blocks.0.fc_hook_point`) or runtime (`blocks.0.fc.hook_point`)."""

    def __missing__(self, name: str) -> Value:
        same = self.name_of(name)
        if same is None:
            raise KeyError(f"no hook point {name!r}{near(name, self)}")
        return self[same]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, str) and self.name_of(name) is not None
        )

    def get(self, name: str, default: Any = None) -> Any:
        same = self.name_of(name)
        return default if same is None else self[same]

    def name_of(self, name: str) -> str | None:
        """The name in here, if there is one that is meant."""
        if super().__contains__(name):
            return name
        if "hook" not in name:
            return None
        wanted = words(name)
        same = [other for other in self if words(other) == wanted]
        return same[0] if len(same) == 1 else None


class HookDict(ByEitherName[HookPoint]):
    """The hook points of a root."""

    part_of: Callable[[HookPoint, str], HookPoint] | None = None
    """Makes a hook point for another tensor of what comes to one: `rnn.hook_point.1`."""

    def __missing__(self, name: str) -> HookPoint:
        base, found, part = name.rpartition("hook_point.")
        hook_point = super().get(base + "hook_point")
        if found and hook_point is not None and self.part_of is not None:
            self[name] = self.part_of(hook_point, part)
            return self[name]
        return super().__missing__(name)

    def wanted(
        self, wanted: Wanted | None, unknown: Callable[[str], Any] | None = None
    ) -> list[str]:
        """The names that are meant, in the order of this dictionary.

        Args:
            wanted: all of them if None.
            unknown: called with what there is to say of a name that there is not.

        Raises:
            KeyError: for a name that there is not, unless `unknown` is called.
        """
        if wanted is None:
            return list(self)
        if isinstance(wanted, str) and dict.__contains__(self, wanted):
            return [wanted]
        if isinstance(wanted, re.Pattern):
            return [name for name in self if wanted.search(name)]
        if callable(wanted):
            return [name for name in self if wanted(name)]
        if not isinstance(wanted, str):
            several: set[str] = set()
            for each in wanted:
                is_name = isinstance(each, str) and dict.__contains__(self, each)
                several.update((each,) if is_name else self.wanted(each, unknown))
            return [name for name in self if name in several]
        if set(wanted) & set("*?["):
            names = matching_glob(list(self), wanted)
            if names:
                return names
        try:
            return [self.name_of(wanted) or str(self[wanted].name)]
        except KeyError as error:
            if unknown is None:
                raise
            unknown(error.args[0])
            return []


def near(name: str, names: Mapping[str, Any]) -> str:
    """What may have been meant, as the end of a sentence."""
    found = get_close_matches(name, names, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(map(repr, found))}?" if found else "; see hook_dict"
