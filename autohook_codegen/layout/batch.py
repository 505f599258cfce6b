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

from collections.abc import Iterator, Sequence

from autohook_codegen.source.logical_lines import indentation, is_case, scaffold

__all__ = ["lay_out_statements"]

_KNOWN: dict[tuple[int, tuple[int, int] | None], dict[str, str]] = {}
"""Statements as they were laid out before: the files of one folder have every second in common."""
_MOST_KNOWN = 100_000


def lay_out_statements(
    statements: Sequence[str], line_length: int, python: tuple[int, int] | None
) -> list[str]:
    """Lay out each of `statements`, whole lines at their own indentation that end with `\\n`.

    What black cannot read comes back as it is. `python` is the oldest Python that can read the
    file, None for any.
    """
    known = _KNOWN.setdefault((line_length, python), {})
    if len(known) > _MOST_KNOWN:
        known.clear()
    new = [one for one in dict.fromkeys(statements) if one not in known]
    if new:
        known.update(zip(new, _lay_out(new, line_length, python), strict=True))
    return [known[one] for one in statements]


def _lay_out(
    statements: Sequence[str], line_length: int, python: tuple[int, int] | None
) -> list[str]:
    import black  # takes a quarter of a second: only where something has to be laid out
    from black.mode import TargetVersion

    versions = {
        version
        for version in TargetVersion
        if python is not None and (3, int(version.name.removeprefix("PY3"))) >= python
    }
    mode = black.Mode(line_length=line_length, string_normalization=False, target_versions=versions)
    name = "scaffold"
    while any(name in statement for statement in statements):
        name += "_"

    def laid_out(part: Sequence[str]) -> list[str]:
        try:
            text = black.format_str("\n".join(_build(part, name)) + "\n", mode=mode)
            return _take_apart(text, len(part), name)
        except Exception:  # black could not read it, or failed: whose fault is it?
            if len(part) == 1:
                return list(part)
            middle = len(part) // 2
            return laid_out(part[:middle]) + laid_out(part[middle:])

    return laid_out(statements)


def _build(statements: Sequence[str], name: str) -> Iterator[str]:
    """The lines of one text that holds all statements."""
    open_depth = 0  # how deep the next statement may stand
    for number, statement in enumerate(statements):
        indent = indentation(statement, 0)
        depth = len(indent) // 4 - is_case(statement)
        for outer in range(open_depth, depth):
            yield 4 * outer * " " + f"if {name}:"
        before, behind = scaffold(statement, name)
        if is_case(statement):
            yield 4 * depth * " " + f"match {name}:"
        if before:
            yield f"{indent}# {name} end"
        yield from (indent + line for line in before)
        yield f"{indent}# {name} {number}"
        yield statement.removesuffix("\n")
        open_depth = depth
        for line in behind:
            if line.startswith(("finally", "def")):
                yield f"{indent}# {name} end"
            yield indent + line


def _take_apart(text: str, count: int, name: str) -> list[str]:
    """The statements again, out of the text that black laid out."""
    statements: list[list[str]] = []
    between = {name, f"if {name}:", f"match {name}:", f"case {name}:"}
    inside = False
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith(f"# {name} "):
            inside = stripped == f"# {name} {len(statements)}"
            if inside:
                statements.append([])
        elif stripped in between:
            inside = False
        elif inside:
            statements[-1].append(line)
    if len(statements) != count or not all(statements):
        raise ValueError("black lost a statement")
    return ["\n".join(lines).strip("\n") + "\n" for lines in statements]
