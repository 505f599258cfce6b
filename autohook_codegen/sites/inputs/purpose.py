"""The things that can be done with a value."""

from __future__ import annotations

from enum import Enum

__all__ = ["DATA", "NOTHING_DONE", "Purpose"]


class Purpose(Enum):
    """One thing that is done with a value."""

    DATA = "its numbers go on: into a module, a product, a sum"
    FACTOR = "others are multiplied by it"
    SOFTMAX = "it goes into a softmax"
    MASK = "it says where"
    INDEX = "it says which: of an embedding, a gather"
    TARGET = "a loss compares with it"
    UNKNOWN = "code outside the input gets it"
    RETURNED = "it is given back"
    TENSOR = "it is surely a tensor"
    NO_TENSOR = "it is a list, a dict or an object"
    MAY_BE_NONE = "it is tested for `None`"


NOTHING_DONE: frozenset[Purpose] = frozenset()
DATA = frozenset({Purpose.DATA, Purpose.TENSOR})
