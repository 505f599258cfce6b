"""What one call of the command asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autohook_codegen.options import Options, OptionsError

if TYPE_CHECKING:
    from collections.abc import Collection

    from autohook_codegen.hooked_source import HookedSource

__all__ = ["Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """The arguments of `autohook-gen`, checked against each other."""

    path: str
    """A file, a folder, or ``-`` for stdin."""
    options: Options
    out: str | None = None
    in_place: bool = False
    diff: bool = False
    check: bool = False
    strip: bool = False
    list_sites: bool = False

    def __post_init__(self) -> None:
        if self.in_place and self.out is not None:
            raise OptionsError("--in-place and -o exclude each other")
        if self.in_place and self.path == "-":
            raise OptionsError("--in-place needs a file; stdin goes to stdout or to -o OUT")
        if self.list_sites and (self.out is not None or self.in_place or self.diff or self.check):
            raise OptionsError(
                "--list prints the sites and writes nothing; leave out -o, --in-place, --diff"
                " and --check"
            )
        if self.list_sites and self.strip:
            raise OptionsError("--list shows what a rewrite would do; leave out --strip")

    @property
    def writes(self) -> bool:
        """Whether a file changes at all."""
        return not (self.diff or self.check or self.list_sites)

    def check_names(self, codes: Collection[str], results: Collection[HookedSource]) -> None:
        """Raise `OptionsError` if ``--root`` or ``--only`` names what is not in the sources."""
        for name in self.options.root or ():
            definition = re.compile(rf"\bclass\s+{re.escape(name.rpartition('.')[2])}\b")
            if not any(definition.search(code) for code in codes):
                raise OptionsError(f"--root {name}: there is no class of this name")
        if self.options.only and not self.strip and not any(result.sites for result in results):
            patterns = ",".join(self.options.only)
            raise OptionsError(
                f"--only {patterns}: nothing matches, no class, attribute or Class.attribute"
            )
