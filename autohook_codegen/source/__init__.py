"""Source text to trees: `ast` for deciding, libcst for rewriting, and how their nodes pair up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autohook_codegen.source.numbering import Key, Numbering
from autohook_codegen.source.read import Source, read_source

if TYPE_CHECKING:
    from autohook_codegen.source.pairing import PairedTransformer

__all__ = ["Key", "Numbering", "PairedTransformer", "Source", "read_source"]


def __getattr__(name: str) -> object:
    # libcst takes longer to import than all else, and a text without a module never needs it.
    if name == "PairedTransformer":
        from autohook_codegen.source.pairing import PairedTransformer

        return PairedTransformer
    raise AttributeError(name)
