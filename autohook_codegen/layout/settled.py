"""A cheap test for statements that black would give back as they are.

Most changed statements are short and plainly written (`self.fc1_hook_point = HookPoint()`,
`x = self.fc1_hook_point(self.fc1(x))`): reading their tokens costs a hundredth of what black does.
"""

from __future__ import annotations

import re
from keyword import kwlist

__all__ = ["is_settled"]

# Where an operand may begin: what begins one, with the spaces that black would put.
BEGINS = re.compile(
    r"""
      (?P<prefix>(?:not|await|yield|return|assert|raise|if|elif|while|for|with|class|from|import)\ )
    | (?P<argument>[A-Za-z_][A-Za-z_0-9]*=(?![=\ ]))
    | (?P<name>[A-Za-z_][A-Za-z_0-9]*(?!["'A-Za-z_0-9]))
    | (?P<value>\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])
        | [A-Za-z]{0,2}(?:"(?!"")[^"\\]*"|'(?!'')[^'\\]*')
        | \.\.\.)
    | (?P<unary>[-~](?![-~>])|\*\*?(?![-~*]))
    | (?P<display>[\[{])
    | (?P<close>[)\]}])
    """,
    re.VERBOSE,
)
# After an operand. A slice is only plain where its bounds are: black spaces `x[a.b : c]`.
CONTINUES = re.compile(
    r"""
      (?P<attribute>\.(?=[A-Za-z_]))
    | (?P<slices>\[ITEM(?:,\ ITEM)*\])
    | (?P<open>[(\[])
    | (?P<close>[)\]}])
    | (?P<comma>,\ (?![)\]}]))
    | (?P<assign>\ (?:[-+*/@%&|^]|//|<<|>>)?=\ )
    | (?P<infix>\ (?:==|!=|<=|>=|//|<<|>>|[-+*/@%&|^<>]
        |if|else|and|or|in|not\ in|is|is\ not|for|as|import)\ )
    | (?P<end>:?(?:\ \ \#\ (?!fmt:|yapf:|type:)\S(?:.*\S)?)?$)
    | (?P<pair>:\ )
    """.replace("ITEM", r"(?:\.\.\.|-?\w*:-?\w*|-?\w+)"),
    re.VERBOSE,
)
HOOK_POINT_IS_MADE = re.compile(r" *self\.[A-Za-z_0-9]+ = HookPoint\(\)\n?")
NO_NAMES = frozenset(kwlist) - {"None", "True", "False"}


def is_settled(statement: str, line_length: int) -> bool:
    """Whether black surely keeps this statement, or this header; False where it may not.

    Example:
        >>> is_settled("    x = self.fc1(x)", 88), is_settled("    x = self.fc1( x )", 88)
        (True, False)
    """
    text = statement.removesuffix("\n")
    if len(text) > line_length or not text.isascii():
        return False
    if HOOK_POINT_IS_MADE.fullmatch(text):
        return True
    code = text.lstrip(" ")
    if code.startswith("*") or (code.startswith("class ") and "()" in code):
        return False
    brackets = ""
    previous = ""
    position = 0
    operand_begins = True
    while True:
        found = (BEGINS if operand_begins else CONTINUES).match(code, position)
        if found is None:
            return False
        position = found.end()
        kind = found.lastgroup
        if kind == "end":
            return not brackets
        if kind == "name" and found.group() in NO_NAMES:
            return False
        if kind in ("open", "display"):
            brackets += found.group()
        elif kind == "close":
            if operand_begins and previous not in ("open", "display"):
                return False
            brackets = brackets[:-1]
        elif (
            (kind == "assign" and brackets)
            or (kind == "argument" and brackets[-1:] != "(")
            or (kind == "pair" and brackets[-1:] != "{")
        ):
            return False
        operand_begins = kind not in ("name", "value", "close", "slices")
        previous = kind or ""
