"""One file, or stdin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autohook_codegen.command.atomic_write import check_writable, write_atomically
from autohook_codegen.command.package import package_of
from autohook_codegen.command.source_file import STDIN, FileError, read_source_file

if TYPE_CHECKING:
    from autohook_codegen.command.report import Report
    from autohook_codegen.command.request import Request
    from autohook_codegen.hooked_source import HookedSource, Note

__all__ = ["rewrite_file"]


def rewrite_file(request: Request, report: Report) -> None:
    """Do what `request` asks for with its file; raise `FileError` or `SourceError` if it fails."""
    target = _target(request)
    source = read_source_file(request.path)
    shown_path = "<stdin>" if request.path == STDIN else request.path
    result = _rewrite(request, source.code, shown_path)
    code, _ = _leave_package(request, result.code)
    _, import_notes = _leave_package(request, source.code)
    content = source.encode(code)
    if not result.has_module:
        report.warn(shown_path, "there is no nn.Module here; the text stays as it is")
    report.hooked(shown_path, result, sorted((*result.notes, *import_notes), key=_place))
    report.sum_up()

    if request.list_sites:
        from autohook_codegen.command.site_table import show_sites

        show_sites({shown_path: result.sites})
        return
    if request.diff:
        from autohook_codegen.command.diff import show_diff

        show_diff(source, target or shown_path, code)
    if target is None and request.writes:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    if content == _stands(target, source.content):
        report.same(target or shown_path)
    else:
        if target is not None and request.writes:
            write_atomically(target, content)
        report.changed(target or shown_path)


def _target(request: Request) -> str | None:
    """Where the result goes; None for stdout. Raises `FileError` where that cannot be."""
    if request.in_place:
        check_writable(request.path)
        return request.path
    if request.out is None:
        return None
    if request.path != STDIN and _same_file(request.path, request.out):
        raise FileError(
            request.out, "-o names the file itself; use --in-place to rewrite it", "write"
        )
    if request.writes:
        check_writable(request.out)
    elif Path(request.out).is_dir():
        raise FileError(request.out, "is a directory; name the file to write", "write")
    return request.out


def _same_file(path: str, other: str) -> bool:
    try:
        return Path(path).samefile(other)
    except (OSError, ValueError):
        return False


def _rewrite(request: Request, code: str, path: str) -> HookedSource:
    from autohook_codegen import HookedSource, hook_source, strip_source

    if request.strip:
        return HookedSource(strip_source(code, request.options))
    return hook_source(code, request.options, path)


def _leave_package(request: Request, code: str) -> tuple[str, tuple[Note, ...]]:
    """`code` with absolute imports, if it is written to a place outside the file's package."""
    if request.out is None or request.path == STDIN or request.strip:
        return code, ()
    package = package_of(Path(request.path).parent)
    if not package or package_of(Path(request.out).parent) == package:
        return code, ()
    from autohook_codegen.relative_imports import make_imports_absolute

    return make_imports_absolute(code, package)


def _stands(target: str | None, content: bytes) -> bytes | None:
    """What stands at `target` now; the input itself where the result would go to stdout."""
    if target is None:
        return content
    try:
        return Path(target).read_bytes() if Path(target).is_file() else None
    except OSError as error:
        raise FileError.from_system(target, error, "write") from None


def _place(note: Note) -> tuple[int, int]:
    return note.line, note.column
