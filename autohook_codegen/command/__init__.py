"""The command `autohook-gen`: files, folders, colours and exit codes around the rewriter."""

from autohook_codegen.command.arguments import main

__all__ = ["main"]
