"""What must hold of the text of any file: checked on files that nobody here wrote."""

from __future__ import annotations

import ast
import difflib
import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from autohook_codegen import Options, hook_source, strip_source
from tests.insertions import missing_token

CHOICES = {
    "as it is by default": Options(format=False),
    "with everything": Options(format=False, activations=True, inputs=True),
}
"""What is hooked, each way of it tried."""
NO_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Breach:
    """An invariant that a file breaks: its short name, and what shows it."""

    invariant: str
    detail: str


def difference(one: str, other: str, limit: int = 12) -> str:
    """The first lines of a unified diff."""
    lines = difflib.unified_diff(one.splitlines(), other.splitlines(), n=1, lineterm="")
    return "\n".join(line for line, _ in zip(lines, range(limit + 2), strict=False))


def breaches(text: str) -> Iterator[Breach]:
    """Every invariant of HOOKS.md's list that one file breaks; none, if all is well."""
    for choice, options in CHOICES.items():
        for breach in _breaches(text, options):
            yield replace(breach, detail=f"{choice}: {breach.detail}")


def _breaches(text: str, options: Options) -> Iterator[Breach]:
    code, failure = _tried(lambda: hook_source(text, options).code)
    if code is None:
        yield Breach("rewritten without an error", failure)
        return
    if code == text:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the author's own escapes
            compile(code, "model.py", "exec", dont_inherit=True)
    except SyntaxError as error:
        yield Breach("compiles", f"{error}: {error.text}")
        return
    if (twice := hooked_twice(code)) is not None:
        yield Breach("hooked once", twice)
    if missing_token(text, code) is not None:
        yield Breach("only inserts", difference(text, code))
    second, failure = _tried(lambda: hook_source(code, options).code)
    if second != code:
        yield Breach("twice", failure if second is None else difference(code, second))
    stripped, failure = _tried(lambda: strip_source(code, options))
    if stripped != text:
        yield Breach("strip", failure if stripped is None else difference(text, stripped))
    for line in lines_that_gain_nothing(text, code):
        yield Breach("small diffs", line)
        break


def hooked_twice(code: str) -> str | None:
    """The first expression that passes one hook point twice on its way."""
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(func=outer, args=[ast.Call(func=inner)]):
                if "hook_point" in (text := ast.unparse(outer)) and text == ast.unparse(inner):
                    return ast.unparse(node)
    return None


def lines_that_gain_nothing(before: str, after: str) -> Iterator[str]:
    """Lines that differ from what they were in their layout alone."""
    matcher = difflib.SequenceMatcher(None, _lines(before), _lines(after), autojunk=False)
    for tag, start, end, new_start, new_end in matcher.get_opcodes():
        if tag == "equal":
            continue
        changed = {NO_SPACE.sub("", line) for line in _lines(before)[start:end]}
        for line in _lines(after)[new_start:new_end]:
            if line.strip() and NO_SPACE.sub("", line) in changed:
                yield line


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _tried(task: Callable[[], str]) -> tuple[str | None, str]:
    """The result of `task`, or how it failed: the error and the innermost frames."""
    try:
        return task(), ""
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        places = " < ".join(
            f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
            for frame in reversed(frames)
        )
        return None, f"{type(error).__name__}: {str(error)[:200]} ({places})"
