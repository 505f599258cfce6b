"""What an expression of the source makes, as far as the source says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from autohook_codegen.declares.torch_library import CONTAINERS

if TYPE_CHECKING:
    from autohook_codegen.declares.program import ClassDecl

__all__ = [
    "MAYBE_MODULE",
    "MODULE",
    "MOST_STEPS",
    "NOTHING",
    "OTHER",
    "PARAMETER",
    "UNKNOWN",
    "Kind",
    "Value",
    "union",
]

MOST_STEPS = 12
"""How far a value is followed from name to name."""


class Kind(Enum):
    MODULE = "module"
    PARAMETER = "parameter"
    LIST = "list"
    """A ModuleList, a ParameterList, an nn.Sequential or a plain list or tuple of members."""
    DICT = "dict"
    NONE = "none"
    OTHER = "other"
    """Surely neither a module nor a parameter: a function, a number, a tensor, a tokenizer."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Value:
    """The possible kinds of one value; a conditional expression has several."""

    kinds: frozenset[Kind]
    classes: frozenset[str | ClassDecl] = frozenset()
    """For a module: the classes it may be of, those of the input as declared, others by dotted
    name.
    """
    items: Value | None = None
    """For a list or dict: the union of its members."""
    elements: tuple[Value, ...] | None = None
    """For a list whose display is seen whole: each member."""
    entries: tuple[tuple[str, Value], ...] | None = None
    """For a dict whose keys are seen: each member by its key."""
    open_class: bool = False
    """The class may also be one that the source does not name (a factory handed in)."""
    gives_none: bool = False
    """It may be a function that gives back ``None``, as in ``self.head = lambda x: None``."""

    @property
    def may_be_module(self) -> bool:
        return Kind.MODULE in self.kinds or Kind.UNKNOWN in self.kinds

    @property
    def is_module(self) -> bool:
        return Kind.MODULE in self.kinds

    @property
    def is_parameter(self) -> bool:
        return Kind.PARAMETER in self.kinds

    @property
    def may_be_none(self) -> bool:
        return Kind.NONE in self.kinds

    @property
    def is_container(self) -> bool:
        return Kind.LIST in self.kinds or Kind.DICT in self.kinds

    @property
    def surely_neither(self) -> bool:
        """Neither a module nor a parameter nor a container of them, whichever branch ran."""
        return self.kinds <= {Kind.OTHER, Kind.NONE}

    @property
    def input_classes(self) -> tuple[ClassDecl, ...]:
        return tuple(one for one in self.classes if not isinstance(one, str))

    @property
    def closed(self) -> bool:
        """Every class it may be of is in the input."""
        return (
            bool(self.classes)
            and not self.open_class
            and Kind.UNKNOWN not in self.kinds
            and all(not isinstance(one, str) for one in self.classes)
        )

    @property
    def calls_its_members(self) -> bool:
        """An ``nn.Sequential`` or the like: called whole, its members are named nowhere."""
        return any(isinstance(one, str) and one in CONTAINERS for one in self.classes)

    def or_none(self) -> Value:
        return replace(self, kinds=self.kinds | {Kind.NONE})


UNKNOWN = Value(frozenset({Kind.UNKNOWN}))
OTHER = Value(frozenset({Kind.OTHER}))
NOTHING = Value(frozenset({Kind.NONE}))
PARAMETER = Value(frozenset({Kind.PARAMETER}))
MODULE = Value(frozenset({Kind.MODULE}), open_class=True)
MAYBE_MODULE = Value(frozenset({Kind.MODULE, Kind.UNKNOWN}), open_class=True)


def union(*values: Value) -> Value:
    """What a value is that may be any of `values`; unknown when there are none."""
    distinct = list(dict.fromkeys(values))
    if not distinct:
        return UNKNOWN
    if len(distinct) == 1:
        return distinct[0]
    items = [value.items for value in distinct if value.items is not None]
    structured = [value for value in distinct if value.kinds != {Kind.NONE}]
    elements = {value.elements for value in structured}
    entries = [value.entries for value in structured if value.entries is not None]
    return Value(
        kinds=frozenset().union(*(value.kinds for value in distinct)),
        classes=frozenset().union(*(value.classes for value in distinct)),
        items=union(*items) if items else None,
        elements=elements.pop() if len(elements) == 1 else None,
        entries=tuple({name: one for entry in entries for name, one in entry}.items())
        if entries
        else None,
        open_class=any(value.open_class for value in distinct),
        gives_none=any(value.gives_none for value in distinct),
    )
