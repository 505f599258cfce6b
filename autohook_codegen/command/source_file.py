"""A Python file read and written without losing a byte: encoding, BOM and line endings stay."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["STDIN", "FileError", "SourceFile", "read_source_file"]

STDIN = "-"


class FileError(Exception):
    """A file that cannot be read or written; the message is one line, without the path."""

    def __init__(self, path: str | Path, message: str, doing: str = "hook") -> None:
        super().__init__(message)
        self.path = str(path)
        self.message = message
        self.doing = doing
        """What could not be done with it, ``hook`` or ``write``."""

    @classmethod
    def from_system(
        cls, path: str | Path, error: OSError | ValueError, doing: str = "hook"
    ) -> FileError:
        """What the system said about `path`, without the number and the name."""
        return cls(path, (getattr(error, "strerror", None) or str(error)).lower(), doing)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The text of a file, and how its bytes hold it."""

    path: str
    """As the user wrote it; ``-`` is stdin."""
    content: bytes
    code: str
    """Without a BOM, line endings as they are."""
    encoding: str

    def encode(self, code: str) -> bytes:
        """The bytes of `code` in this file's encoding, with its BOM."""
        try:
            return code.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise FileError(
                self.path, f"its encoding {self.encoding} has no {code[error.start]!r}"
            ) from None


def read_source_file(path: str) -> SourceFile:
    """Read a Python file, or stdin where `path` is ``-``; raise `FileError` where there is none."""
    return decode(path, sys.stdin.buffer.read() if path == STDIN else _read(path))


def decode(path: str, content: bytes) -> SourceFile:
    """The text in `content`, decoded as Python would (PEP 263)."""
    import tokenize

    if b"\x00" in content:
        raise FileError(path, "not a Python file: it holds null bytes")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as error:
        if "missing" not in str(error.msg):
            raise FileError(path, f"not a Python file: {error.msg}") from None
        encoding = "utf-8"  # the default, which these bytes are not in; decoding tells where
    try:
        code = content.decode(encoding)
        again = code.encode(encoding)
    except UnicodeDecodeError as error:
        before = content[: error.start].split(b"\n")
        column = len(before[-1].decode(encoding, "replace")) + 1
        raise FileError(
            f"{path}:{len(before)}:{column}",
            f"byte 0x{content[error.start]:02x} is not {encoding.removesuffix('-sig')};"
            " save the file as utf-8, or name its encoding in the first line: # coding: latin-1",
        ) from None
    except (LookupError, UnicodeError, ValueError) as error:
        raise FileError(path, f"not a text in {encoding}: {error}") from None
    if again != content:
        raise FileError(path, f"its encoding {encoding} would not give the same bytes again")
    return SourceFile(path, content, code, encoding)


def _read(path: str) -> bytes:
    try:
        if Path(path).is_dir():
            raise FileError(path, "is a directory; say where the hooked tree goes with -o DIR")
        return Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise FileError.from_system(path, error) from None
