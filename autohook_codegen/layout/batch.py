"""Many statements laid out in one call of black.

A statement is laid out as in its file if it stands at the same indentation, under a header that
black does not look at. So all statements go into one text, each after a comment that tells which
it is, with as much scaffolding around them as makes that text parse:

    if scaffold:
        if scaffold:
            # scaffold 0
            x = self.fc1_hook_point(self.fc1(x))
            if scaffold:
                scaffold
            # scaffold 1
            elif self.fc2_hook_point(self.fc2(x)).any():
                scaffold
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar

from autohook_codegen.layout.surroundings import TOKEN

__all__ = ["lay_out_elsewhere", "lay_out_here", "lay_out_statements"]

FIRST_WORD = re.compile(r" *(\w*)")
# What has to stand before a clause that cannot stand alone; `{0}` is the scaffolding's name.
BEFORE_CLAUSE = {
    "elif": ("if {0}:", "    {0}"),
    "else": ("if {0}:", "    {0}"),
    "except": ("try:", "    {0}"),
    "finally": ("try:", "    {0}"),
}


Elsewhere = Callable[[Sequence[str], int, tuple[int, int] | None], list[str] | None]

# Who lays out in place of this process (see `black_ahead`); it answers None if it cannot.
lay_out_elsewhere: ContextVar[Elsewhere | None] = ContextVar("lay_out_elsewhere", default=None)


def lay_out_statements(
    statements: Sequence[str], line_length: int, python: tuple[int, int] | None
) -> list[str]:
    """Lay out each of `statements`, whole lines at their own indentation that end with `\\n`.

    What black cannot read comes back as it is. `python` is the oldest Python that can read the
    file, None for any.
    """
    elsewhere = lay_out_elsewhere.get()
    laid_out = elsewhere(statements, line_length, python) if elsewhere else None
    return lay_out_here(statements, line_length, python) if laid_out is None else laid_out


def lay_out_here(
    statements: Sequence[str], line_length: int, python: tuple[int, int] | None
) -> list[str]:
    """As `lay_out_statements`, in this process."""
    import black  # takes a quarter of a second: only where something has to be laid out
    from black.mode import TargetVersion

    versions = {
        version
        for version in TargetVersion
        if python is not None and (3, int(version.name.removeprefix("PY3"))) >= python
    }
    mode = black.Mode(line_length=line_length, string_normalization=False, target_versions=versions)
    scaffold = "scaffold"
    while any(scaffold in statement for statement in statements):
        scaffold += "_"

    def laid_out(part: Sequence[str]) -> list[str]:
        try:
            text = black.format_str("\n".join(_build(part, scaffold)) + "\n", mode=mode)
            return _take_apart(text, len(part), scaffold)
        except Exception:  # black could not read it, or failed: whose fault is it?
            if len(part) == 1:
                return list(part)
            middle = len(part) // 2
            return laid_out(part[:middle]) + laid_out(part[middle:])

    return laid_out(statements)


def _build(statements: Sequence[str], scaffold: str) -> Iterator[str]:
    """The lines of one text that holds all statements."""
    open_depth = 0  # how deep the next statement may stand
    for number, statement in enumerate(statements):
        indentation, word = _first_word(statement)
        depth = len(indentation) // 4
        if word == "case":
            depth -= 1
        for outer in range(open_depth, depth):
            yield 4 * outer * " " + f"if {scaffold}:"
        if word == "case":
            yield 4 * depth * " " + f"match {scaffold}:"
        elif word in BEFORE_CLAUSE:
            yield f"{indentation}# {scaffold} end"
            for line in BEFORE_CLAUSE[word]:
                yield indentation + line.format(scaffold)
        yield f"{indentation}# {scaffold} {number}"
        yield statement.removesuffix("\n")
        open_depth = depth
        if _is_header(statement):
            if word == "match":
                yield f"{indentation}    case {scaffold}:"
                yield f"{indentation}        {scaffold}"
            else:
                yield f"{indentation}    {scaffold}"
        if word == "try":
            yield f"{indentation}# {scaffold} end"
            yield f"{indentation}finally:"
            yield f"{indentation}    {scaffold}"


def _take_apart(text: str, count: int, scaffold: str) -> list[str]:
    """The statements again, out of the text that black laid out."""
    statements: list[list[str]] = []
    between = {scaffold, f"if {scaffold}:", f"match {scaffold}:", f"case {scaffold}:"}
    inside = False
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith(f"# {scaffold} "):
            inside = stripped == f"# {scaffold} {len(statements)}"
            if inside:
                statements.append([])
        elif stripped in between:
            inside = False
        elif inside:
            statements[-1].append(line)
    if len(statements) != count or not all(statements):
        raise ValueError("black lost a statement")
    return ["\n".join(lines).strip("\n") + "\n" for lines in statements]


def _first_word(statement: str) -> tuple[str, str]:
    """Indentation and first word, the word only where it makes a clause of a statement."""
    found = FIRST_WORD.match(statement)
    assert found is not None
    word = found.group(1)
    if word in ("case", "match") and not _is_header(statement):
        word = ""
    return statement[: found.start(1)], word


def _is_header(statement: str) -> bool:
    """Whether the statement ends with the colon before a block on lines of its own."""
    end = len(statement)
    for found in TOKEN.finditer(statement):
        if found.lastgroup == "comment" and "\n" not in statement[found.end() :].rstrip("\n"):
            end = found.start()
    return statement[:end].rstrip(" \t\n\\").endswith(":")
