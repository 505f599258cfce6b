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
    tree = _Tree(request, report)
    with Progress(shown=not report.quiet) as tree.progress:
        sources = tree.read()
        results = tree.rewrite({name: source.code for name, source in sources.items()})
        if report.failure_count:
            return
        contents = {
            name: sources[name].encode(tree.leave_package(name, sources[name].code, result))
            for name, result in results.items()
        }
        report.sum_up()
        if not request.list_sites:
            tree.write(sources, contents)
    if request.list_sites:
        from autohook_codegen.command.site_table import show_sites

        show_sites({tree.path(name): result.sites for name, result in results.items()})
    else:
        report.say(str(report))


class _Tree:
    """A folder, where it goes, and its files by their names below it (``nn/layer.py``)."""

    def __init__(self, request: Request, report: Report) -> None:
        self.request = request
        self.report = report
        self.progress = Progress(shown=False)
        self.top = Path(request.path)
        self.out = _out(request)
        self.names = sorted(path.relative_to(self.top).as_posix() for path in self._files())

    def path(self, name: str) -> str:
        """As the user would write it."""
        return str(self.top / name)

    def read(self) -> dict[str, SourceFile]:
        """The Python files; those that cannot be read are reported."""
        sources = {}
        python = [n for n in self.names if n.endswith(".py") and (self.top / n).is_file()]
        for name in self.progress.over(python, "reading"):
            try:
                sources[name] = read_source_file(self.path(name))
            except FileError as error:
                self.report.failed(error.path, error.message)
        return sources

    def rewrite(self, codes: dict[str, str]) -> dict[str, HookedSource]:
        """All of them together; those that hold no Python are reported."""
        from autohook_codegen import hook_sources, strip_source

        options = self.request.options
        if self.request.strip:
            stripped = {}
            for name, code in self.progress.over(list(codes.items()), "stripping"):
                try:
                    stripped[name] = HookedSource(strip_source(code, options))
                except SourceError as error:
                    self._failed(name, error)
            return stripped
        while True:
            try:
                with self.progress.during(f"hooking {len(codes)} files"):
                    return hook_sources(codes, options)
            except SourceError as error:
                if error.path is None or codes.pop(error.path, None) is None:
                    raise
                self._failed(error.path, error)  # and on to the next that is wrong

    def leave_package(self, name: str, source: str, result: HookedSource) -> str:
        """The code of a file, its imports absolute where they reach out of a tree that moves."""
        notes: tuple[Note, ...] = ()
        code = result.code
        package = package_of(self.top)
        if package and self.out != self.top and package_of(self.out) != package:
            from autohook_codegen.relative_imports import make_imports_absolute

            file_package = package_of((self.top / name).parent)
            code, _ = make_imports_absolute(code, file_package, within=package)
            _, notes = make_imports_absolute(source, file_package, within=package)
        if self.out != self.top and (own := self._own_names()) is not None:
            from autohook_codegen.own_imports import follow_own_imports

            code, _ = follow_own_imports(code, *own)
            notes += follow_own_imports(source, *own)[1]
        self.report.hooked(self.path(name), result, (*result.notes, *notes))
        return code

    def _own_names(self) -> tuple[str, str] | None:
        """Under which name the tree's modules are imported, and what it is for the output; None
        where that is the same or is not known."""
        package = package_of(self.top) or self.top.resolve().name
        parent = package_of(self.out.resolve().parent)
        output = f"{parent}.{self.out.resolve().name}" if parent else self.out.resolve().name
        is_known = all(part.isidentifier() for part in f"{package}.{output}".split("."))
        return (package, output) if is_known and package != output else None

    def write(self, sources: Mapping[str, SourceFile], contents: Mapping[str, bytes]) -> None:
        """Write what changes and copy the rest; or say what would be written."""
        for name in self.progress.over(self.names, "writing"):
            path, target = self.top / name, self.out / name
            if name in contents:
                self._write_file(sources[name], path, target, contents[name])
            elif path != target:
                if self.request.writes:
                    _copy(path, target)
                self.report.copied(str(target))

    def _write_file(self, source: SourceFile, path: Path, target: Path, content: bytes) -> None:
        if self.request.diff:
            from autohook_codegen.command.diff import show_diff

            show_diff(source, str(target), content.decode(source.encoding))
        if target.is_file() and target.read_bytes() == content:
            self.report.same(str(target))
            return
        if self.request.writes:
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(str(target), content)
                if target != path:
                    shutil.copymode(path, target)
            except OSError as error:
                raise FileError.from_system(target, error, "write") from None
        self.report.changed(str(target))

    def _files(self) -> Iterator[Path]:
        """Every file below the folder, without caches and without `out` where that lies inside."""
        for folder, folders, files in os.walk(self.top):
            below = Path(folder)
            folders[:] = [
                name
                for name in folders
                if name not in LEFT_BEHIND
                and (self.out == self.top or (below / name).resolve() != self.out.resolve())
            ]
            yield from (below / name for name in files)
            yield from (below / name for name in folders if (below / name).is_symlink())

    def _failed(self, name: str, error: SourceError) -> None:
        error.path = self.path(name)
        self.report.source_failed(error)


def _out(request: Request) -> Path:
    """Where the tree goes; itself where it is rewritten in place or nothing is written."""
    if request.out is None:
        if request.writes and not request.in_place:
            raise FileError(
                request.path, "is a directory; say where the hooked tree goes with -o DIR"
            )
        return Path(request.path)
    out = Path(request.out)
    if out.exists() and not out.is_dir():
        raise FileError(request.out, "is a file, and the hooked tree needs a directory", "write")
    if out.resolve() == Path(request.path).resolve():
        raise FileError(
            request.out, "-o names the folder itself; use --in-place to rewrite it", "write"
        )
    return out


def _copy(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() and target.is_symlink():
            target.unlink()
        shutil.copy2(path, target, follow_symlinks=False)
    except OSError as error:
        raise FileError.from_system(target, error, "write") from None
