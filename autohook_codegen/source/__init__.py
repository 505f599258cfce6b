"""Source text to trees: `ast` for deciding, libcst for rewriting, and how their nodes pair up."""

from autohook_codegen.source.numbering import Key, Numbering
from autohook_codegen.source.pairing import PairedTransformer
from autohook_codegen.source.read import Source, read_source

__all__ = ["Key", "Numbering", "PairedTransformer", "Source", "read_source"]
