"""Black on the statements that changed, and on nothing else."""

from autohook_codegen.layout.changed_statements import lay_out
from autohook_codegen.layout.span import Span

__all__ = ["Span", "lay_out"]
