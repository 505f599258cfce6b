"""Black on the statements that changed, and on nothing else."""

from autohook_codegen.layout.changed_statements import Layout

__all__ = ["Layout"]
