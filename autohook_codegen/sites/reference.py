"""A path from a module to a submodule or parameter that it holds."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from autohook_codegen.declares.program import ClassDecl
from autohook_codegen.declares.scope import Loop
from autohook_codegen.declares.value import Value
from autohook_codegen.sites.computed_names import display_name

__all__ = ["Computed", "Item", "LoopStep", "Reference"]


@dataclass(frozen=True, slots=True, eq=False)
class LoopStep:
    """How a loop hands out the members of a container."""

    loop: Loop
    own_index: str | None
    """The loop's own index or key, where it is the container's."""
    start: str | None
    """Where a slice begins that the loop runs over."""
    zipped: bool
    """No index counts the members: the hook points have to run along."""
    container: ast.expr
    """The expression that is looped over, without ``enumerate`` and ``zip``."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A step into a container: by a loop, or by an index that the source writes."""

    index: LoopStep | str
    by_key: bool
    """The container is a dict."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A name that is worked out, ``f"layer{i}"``."""

    name: ast.expr = field(compare=False)
    shape: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """``self.transformer.h[i]``: a path from a module, and what stands at its end."""

    receiver: str
    """The text of what the path starts from: ``self``, ``attn``, ``layer``."""
    owners: tuple[ClassDecl, ...]
    """The classes that the receiver may be of; the hook points are made in them."""
    steps: tuple[str | Item | Computed, ...]
    value: Value
    shared_with_self: bool = True
    """The receiver is the method's own ``self``."""
    holder: str | None = None
    """The name of the class that sets the first attribute of the path."""

    @property
    def owner(self) -> ClassDecl:
        return self.owners[0]

    @property
    def place(self) -> str:
        """``Layer.ff``: the path behind the name of the class that is known to hold it."""
        return f"{self.holder or self.owner.name}.{self.path}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step for step in self.steps if isinstance(step, str))

    @property
    def computed(self) -> Computed | None:
        return next((step for step in self.steps if isinstance(step, Computed)), None)

    def is_same(self, other: Reference) -> bool:
        """Whether both are the same path from the same module."""

        def indexes(reference: Reference) -> list[object]:
            return [step.index if isinstance(step, Item) else step for step in reference.steps]

        return self.receiver == other.receiver and indexes(self) == indexes(other)

    @property
    def items(self) -> tuple[Item, ...]:
        return tuple(step for step in self.steps if isinstance(step, Item))

    @property
    def path(self) -> str:
        """``transformer.h`` for ``self.transformer.h[i]``: what the hook point is named after."""
        return ".".join(self.names) if self.computed is None else display_name(self.computed.name)
