"""Source text: its syntax tree, its logical lines, and where in it a node stands."""

from autohook_codegen.source.read import Source, read_source
from autohook_codegen.source.span import Span

__all__ = ["Source", "Span", "read_source"]
