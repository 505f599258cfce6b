"""Text from files and paths, made fit for a terminal."""

from __future__ import annotations

import re

__all__ = ["visible"]

# Controls (escape sequences begin with one), surrogates, and what turns the direction of text.
INVISIBLE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def visible(text: str) -> str:
    """`text` with its control characters written out, so that a terminal obeys none of them.

    Example:
        >>> visible("\\x1b[2Jmodel.py")
        '\\\\x1b[2Jmodel.py'
    """
    return INVISIBLE.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
