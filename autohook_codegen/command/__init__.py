"""The command `autohook-gen`: files, folders, colours and exit codes around the rewriter."""

from autohook_codegen.command.arguments import main
from autohook_codegen.command.process import run

__all__ = ["main", "run"]
