"""Writes that happen whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from autohook_codegen.command.source_file import FileError

__all__ = ["check_writable", "write_atomically"]


def check_writable(path: str) -> None:
    """Raise `FileError` if `path` surely cannot be written, before any work is done for it."""
    try:
        if Path(path).is_dir():
            raise FileError(path, "is a directory; name the file to write", "write")
        if Path(path).exists() and not os.access(path, os.W_OK):
            raise FileError(path, "permission denied", "write")
        if _is_special(path):
            return
        target = Path(os.path.realpath(path))
        if not target.parent.is_dir():
            raise FileError(path, f"there is no directory {Path(path).parent}", "write")
        if not os.access(target.parent, os.W_OK):
            raise FileError(path, f"permission denied in {Path(path).parent}", "write")
    except (OSError, ValueError) as error:
        raise FileError.from_system(path, error, "write") from None


def write_atomically(path: str, content: bytes) -> None:
    """Write `content` to a temporary file beside `path`, then rename it to `path`.

    A symlink stays one, and what it points to is replaced. The mode of a file that stood there is
    kept; a new file gets the usual one. A pipe or a device is written to as it is.
    """
    try:
        if _is_special(path):
            Path(path).write_bytes(content)
            return
        target = Path(os.path.realpath(path))
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}.tmp")
        with temporary.open("xb") as file:  # fails if someone else's file stands there
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                if mode is not None:
                    temporary.chmod(mode)
                file.close()
                temporary.replace(target)
            except BaseException:
                with contextlib.suppress(OSError):
                    temporary.unlink()
                raise
    except (OSError, ValueError) as error:
        raise FileError.from_system(path, error, "write") from None


def _is_special(path: str) -> bool:
    """Whether `path` is a pipe, a device or the like: nothing that a file can take the place of."""
    return Path(path).exists() and not Path(path).is_file()
