"""Source text: its syntax tree, its logical lines, and where in it a node stands."""

from autohook_codegen.source.logical_lines import Span
from autohook_codegen.source.read import Source, read_source

__all__ = ["Source", "Span", "read_source"]
