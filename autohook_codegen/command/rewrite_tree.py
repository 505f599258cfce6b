"""A whole folder: its Python files are rewritten together, everything else is copied."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from autohook_codegen.command.atomic_write import write_atomically
from autohook_codegen.command.package import package_of
from autohook_codegen.command.progress import Progress
from autohook_codegen.command.source_file import FileError, SourceFile, read_source_file
from autohook_codegen.hooked_source import HookedSource, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from autohook_codegen.command.report import Report
    from autohook_codegen.command.request import Request
    from autohook_codegen.hooked_source import Note

__all__ = ["rewrite_tree"]

LEFT_BEHIND = {"__pycache__", ".git", ".hg", ".svn", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def rewrite_tree(request: Request, report: Report) -> None:
    """Do what `request` asks for with its folder. Where one file fails, nothing is written."""
    top = Path(request.path)
    out = _out(request, top)
    paths = sorted(_files(top, out))
    with Progress(shown=not report.quiet) as progress:
        sources = _read(paths, report, progress)
        results = _rewrite(request, sources, report, progress)
        if report.failure_count:
            return
        request.check_names([source.code for source in sources.values()], [*results.values()])
        contents = {}
        for path, result in results.items():
            code, notes = _leave_package(top, out, path, result.code)
            report.notes(path, (*result.notes, *notes))
            contents[path] = sources[path].encode(code)
        if not request.list_sites:
            _write(request, top, out, paths, sources, contents, report, progress)
    if request.list_sites:
        from autohook_codegen.command.site_table import show_sites

        show_sites({path: result.sites for path, result in results.items()})
        return
    if not report.quiet:
        report.say(str(report))


def _out(request: Request, top: Path) -> Path:
    if request.out is None:
        if not (request.in_place or request.diff or request.check or request.list_sites):
            raise FileError(
                request.path, "is a directory; say where the hooked tree goes with -o DIR"
            )
        return top
    out = Path(request.out)
    if out.exists() and not out.is_dir():
        raise FileError(request.out, "is a file, and the hooked tree needs a directory", "write")
    if out.resolve() == top.resolve():
        raise FileError(
            request.out, "-o names the folder itself; use --in-place to rewrite it", "write"
        )
    return out


def _files(top: Path, out: Path) -> Iterator[Path]:
    """Every file below `top`, without caches and without `out` where that lies inside."""
    for folder, folders, files in os.walk(top):
        below = Path(folder)
        folders[:] = [
            name
            for name in folders
            if name not in LEFT_BEHIND and (out == top or (below / name).resolve() != out.resolve())
        ]
        yield from (below / name for name in files)
        yield from (below / name for name in folders if (below / name).is_symlink())


def _read(paths: list[Path], report: Report, progress: Progress) -> dict[str, SourceFile]:
    sources = {}
    python = [path for path in paths if path.suffix == ".py" and path.is_file()]
    for path in progress.over(python, "reading"):
        try:
            sources[str(path)] = read_source_file(str(path))
        except FileError as error:
            report.failed(error.path, error.message)
    return sources


def _rewrite(
    request: Request, sources: Mapping[str, SourceFile], report: Report, progress: Progress
) -> dict[str, HookedSource]:
    """Every file that holds Python, rewritten; the others are reported."""
    from autohook_codegen import hook_sources, strip_source

    codes = {path: source.code for path, source in sources.items()}
    if request.strip:
        stripped = {}
        for path, code in progress.over(list(codes.items()), "stripping"):
            try:
                stripped[path] = HookedSource(strip_source(code, request.options))
            except SourceError as error:
                error.path = path
                report.source_failed(error)
        return stripped
    while True:
        try:
            with progress.during(f"hooking {len(codes)} files"):
                return hook_sources(codes, request.options)
        except SourceError as error:
            report.source_failed(error)
            if error.path is None or codes.pop(error.path, None) is None:
                return {}


def _leave_package(top: Path, out: Path, path: str, code: str) -> tuple[str, tuple[Note, ...]]:
    """`code` with those imports made absolute that reach out of a tree that moves away."""
    moved = package_of(top)
    if out == top or not moved or package_of(out) == moved:
        return code, ()
    from autohook_codegen.relative_imports import make_imports_absolute

    return make_imports_absolute(code, package_of(Path(path).parent), within=moved)


def _write(
    request: Request,
    top: Path,
    out: Path,
    paths: list[Path],
    sources: Mapping[str, SourceFile],
    contents: Mapping[str, bytes],
    report: Report,
    progress: Progress,
) -> None:
    for path in progress.over(paths, "writing"):
        target = out / path.relative_to(top)
        content = contents.get(str(path))
        if content is None:
            if out != top:
                if request.writes:
                    _copy(path, target)
                report.copied(str(target))
            continue
        source = sources[str(path)]
        if request.diff:
            from autohook_codegen.command.diff import show_diff

            show_diff(source, str(target), content.decode(source.encoding))
        if target.is_file() and target.read_bytes() == content:
            report.same(str(target))
            continue
        if request.writes:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise FileError.from_system(target.parent, error, "write") from None
            write_atomically(str(target), content)
            if target != path:
                shutil.copymode(path, target)
        report.changed(str(target))


def _copy(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() and target.is_symlink():
            target.unlink()
        shutil.copy2(path, target, follow_symlinks=False)
    except OSError as error:
        raise FileError.from_system(target, error, "write") from None
