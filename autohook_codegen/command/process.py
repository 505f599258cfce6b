"""The process that runs one command and ends: how it looks after memory."""

from __future__ import annotations

import gc
import os
import sys

from autohook_codegen.command.arguments import main

__all__ = ["run"]


def run() -> None:
    """Run the command, and end the process with its exit code.

    Syntax trees and what was found out about them live to the end. The collector would walk them
    again and again for the little that is let go in circles; and taken down one by one at the end,
    for nobody, they cost a twentieth of the time of a large tree.
    """
    gc.disable()
    try:
        main(prog_name="autohook-gen")
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            raise end from None  # the interpreter says what is wrong with the stream
        os._exit(end.code)
