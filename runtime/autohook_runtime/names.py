"""Names of hook points: how they are asked for, and what is said of one that there is not."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import filter as matching_glob
from typing import Any, TypeVar

from transformer_lens.hook_points import HookPoint
from transformer_lens.utilities.components_utils import get_act_name

from autohook_runtime.other_names import OtherNames, Shorthand, words

Wanted = str | re.Pattern[str] | Callable[[str], bool] | Iterable[str]
"""A name, `"*.mlp.*"`, a compiled regular expression, a test of names, or several of them."""
Value = TypeVar("Value")


class ByEitherName(dict[str, Value]):
    """By the names of hook points, where each may also be asked for by its other names: generated
    (`blocks.0.fc_hook_point`) or runtime (`blocks.0.fc.hook_point`), a second one in the source, or
    TransformerLens's (`blocks.0.mlp.hook_pre`, or `"pre", 0`)."""

    other_names: OtherNames | None = None

    def __missing__(self, name: str) -> Value:
        same = self.name_of(name)
        if same is None:
            full = self._full_name(name)
            why = self.other_names.why_not(full) if self.other_names is not None else ""
            raise KeyError(f"no hook point {full!r}{why or near(full, self)}")
        return self[same]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (
            isinstance(name, (str, tuple)) and self.name_of(name) is not None
        )

    def get(self, name: str, default: Any = None) -> Any:
        same = self.name_of(name)
        return default if same is None else self[same]

    def _full_name(self, name: str | Shorthand) -> str:
        if isinstance(name, str) or self.other_names is None:
            return str(name)
        return self.other_names.full_name(name)

    def name_of(self, name: str | Shorthand) -> str | None:
        """The name in here, if there is one that is meant."""
        name = self._full_name(name)
        if super().__contains__(name):
            return name
        if self.other_names is not None:
            plain = name.removesuffix("_grad")
            own = self.other_names.own_name(plain if "hook" in plain else get_act_name(plain))
            if own is not None and super().__contains__(own + name[len(plain) :]):
                return own + name[len(plain) :]
        if "hook" not in name:
            return None
        wanted = words(name)
        same = [other for other in self if words(other) == wanted]
        if not same and self.other_names is not None:
            same = [own for own in self.other_names.by_words.get(wanted, ()) if own in list(self)]
        return same[0] if len(same) == 1 else None


class HookDict(ByEitherName[HookPoint]):
    """The hook points of a root."""

    part_of: Callable[[HookPoint, str], HookPoint] | None = None
    """Makes a hook point for another tensor of what comes to one: `rnn.hook_point.1`."""

    def __missing__(self, name: str) -> HookPoint:
        for last in ("hook_point", "hook_in"):
            base, found, part = name.rpartition(f"{last}.")
            hook_point = super().get(base + last)
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
        test = wanted.search if isinstance(wanted, re.Pattern) else wanted
        if callable(test):
            return [name for name in self if any(map(test, self._all_names(name)))]
        if isinstance(wanted, tuple) and len(wanted) > 1 and isinstance(wanted[1], int):
            wanted = self._full_name(wanted)  # `("pattern", 3)`, and no list of names
        if not isinstance(wanted, str):
            asked: Any = wanted
            several = {name for each in asked for name in self.wanted(each, unknown)}
            return [name for name in self if name in several]
        if dict.__contains__(self, wanted):
            return [wanted]
        if set(wanted) & set("*?["):
            names = [name for name in self if matching_glob(self._all_names(name), wanted)]
            if names:
                return names
        try:
            return [self.name_of(wanted) or str(self[wanted].name)]
        except KeyError as error:
            if unknown is None:
                raise
            unknown(error.args[0])
            return []

    def found(self, wanted: Wanted | None) -> list[str]:
        """As `wanted`, where one warning says what there is not."""
        unknown: list[str] = []
        names = self.wanted(wanted, unknown.append)
        if unknown or not names:
            nothing = f"names_filter={wanted!r} matches no hook point; see hook_dict"
            warnings.warn("; ".join(unknown) or nothing, stacklevel=3)
        return names

    def _all_names(self, own: str) -> list[str]:
        return [own, *(self.other_names.of(own) if self.other_names is not None else ())]


def near(name: str, names: Mapping[str, Any]) -> str:
    """What may have been meant, as the end of a sentence."""
    found = get_close_matches(name, names, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(map(repr, found))}?" if found else "; see hook_dict"


def warn_of_silent(names: Iterable[str]) -> None:
    """Says of which hook points nothing came in a run."""
    silent = ", ".join(map(repr, names))
    if silent:
        warnings.warn(
            f"nothing passed in this run: {silent}. Scripted functions and Triton kernels show no "
            "operation with a parameter",
            stacklevel=3,
        )
