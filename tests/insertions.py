"""Checks on text: that a rewrite only adds."""

from __future__ import annotations

import io
import tokenize

LAYOUT = {
    tokenize.NEWLINE,
    tokenize.NL,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}


def tokens(code: str) -> list[str]:
    """The tokens of a source, comments included, layout left out."""
    return [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(code).readline)
        if token.type not in LAYOUT
    ]


def missing_token(before: str, after: str) -> str | None:
    """The first token of `before` that `after` does not hold in the same order, or None.

    Example:
        >>> missing_token("self.fc(x)", "self.fc_hook_point(self.fc(x))")
        >>> missing_token("f(x)", "g(x)")
        'f'
    """
    rest = iter(tokens(after))
    return next((token for token in tokens(before) if token not in rest), None)
