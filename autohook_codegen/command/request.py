"""What one call of the command asks for."""

from __future__ import annotations

from dataclasses import dataclass

from autohook_codegen.options import Options, OptionsError

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
