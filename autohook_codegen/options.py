"""Every choice a user can make, in one frozen value."""

from __future__ import annotations

import string
from dataclasses import dataclass
from enum import Enum

from autohook_codegen.asked_site import AskedSite, asked_site

__all__ = ["Fallback", "Options", "OptionsError"]

DEFAULT_NAME = "{name}_hook_point"


class OptionsError(ValueError):
    """A choice that cannot be meant; the message says what to write instead."""


class Fallback(str, Enum):
    """When a root's ``__init__`` ends with ``auto_hook(self)`` and not with ``self.setup()``."""

    AUTO = "auto"
    """Where the source cannot name everything, or the plain form is not provably safe."""
    NEVER = "never"
    """Not at all: notes say what is missing, and the output needs transformer_lens alone."""
    ALWAYS = "always"
    """At every root."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to hook, how to name it and how to lay it out.

    Example:
        >>> Options(skip=("nn.Dropout",), name="hook_{name}").hook_point("fc1")
        'hook_fc1'
    """

    root: tuple[str, ...] | None = None
    """Names of the roots; ``None`` finds them, ``()`` leaves every class's bases alone."""
    fallback: Fallback = Fallback.AUTO
    modules: bool = True
    """Hook module calls."""
    params: bool = True
    """Hook parameter uses."""
    activations: bool = False
    """Hook values inside forwards: queries, scores, pattern, the residual stream, …"""
    inputs: bool = False
    """Hook what goes into modules and into operations with a parameter, and what goes into and out
    of a root."""
    site: tuple[str, ...] = ()
    """Further values, ``[Class.method:]WHAT [as NAME]`` each, compared as syntax."""
    only: tuple[str, ...] = ()
    """Shell patterns; a site is made only if its class, its attribute, ``Class.attribute`` or the
    class of what is called matches one of them."""
    skip: tuple[str, ...] = ()
    """Shell patterns of the same form; what matches gets no site."""
    entry: tuple[str, ...] = ()
    """Methods besides ``forward`` that are called from outside."""
    name: str = DEFAULT_NAME
    """How a hook point is named after what it hooks; holds ``{name}`` once."""
    per_site: bool = False
    """Each site gets a hook point of its own."""
    format: bool = True
    """Lay changed statements out with black."""
    line_length: int = 88

    def __post_init__(self) -> None:
        fields = [field for _, field, _, _ in string.Formatter().parse(self.name) if field]
        if fields != ["name"] or not self.hook_point("x").isidentifier():
            raise OptionsError(
                f"the name pattern {self.name!r} must hold {{name}} once and make an identifier,"
                " as 'hook_{name}' does"
            )
        if self.hook_point("x") == "x":
            raise OptionsError(
                f"the name pattern {self.name!r} names the hook point as what it hooks;"
                " add something, as 'hook_{name}' does"
            )
        if not (self.modules or self.params or self.activations or self.inputs or self.site):
            raise OptionsError(
                "nothing to hook: choose modules, params, activations, inputs or all"
            )
        for one in self.asked_sites:
            if one.name is not None and not self.hook_point(one.name).isidentifier():
                raise OptionsError(f"--site {one.text!r}: {one.name!r} makes no identifier")
        if self.line_length < 1:
            raise OptionsError(f"a line length of {self.line_length} is not possible")

    @property
    def asked_sites(self) -> tuple[AskedSite, ...]:
        """What `site` says, as syntax."""
        try:
            return tuple(map(asked_site, self.site))
        except ValueError as error:
            raise OptionsError(str(error)) from None

    def hook_point(self, name: str) -> str:
        """The hook point of the submodule or parameter `name`."""
        return self.name.replace("{name}", name)

    def hook_points(self, name: str) -> str:
        """The container of hook points that stands beside the container `name`.

        A pattern that ends in ``{name}`` adds no ``s``: ``hook_layers`` is for ``layers``.
        """
        return self.hook_point(name) + ("" if self.name.endswith("{name}") else "s")
