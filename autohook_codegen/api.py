"""The library: text in, text out. Pure functions, safe in threads."""

from __future__ import annotations

from collections.abc import Mapping

from autohook_codegen import library
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.interpretation import interpret
from autohook_codegen.declares.program import Program
from autohook_codegen.hooked_source import HookedSource
from autohook_codegen.options import Options
from autohook_codegen.rewrite.existing import read_existing
from autohook_codegen.rewrite.insertion import insert
from autohook_codegen.rewrite.strip import strip
from autohook_codegen.sites.decide import decide
from autohook_codegen.sites.decided import Decided
from autohook_codegen.sites.find import find_sites
from autohook_codegen.sites.report import FileRecords, by_file, notes_of, sites_of
from autohook_codegen.source import Source, read_source

__all__ = ["hook_source", "hook_sources", "strip_source"]

DEFAULTS = Options()


def hook_source(source: str, options: Options = DEFAULTS, path: str | None = None) -> HookedSource:
    """Insert hook points into the text of one module.

    `path` is for messages alone. No file is read or written, and nothing of the text is run.

    Raises:
        SourceError: the text is no Python; the message holds the line and the column.
        OptionsError: a root or an ``only`` pattern names nothing in the text.

    Example:
        >>> text = '''
        ... from torch import nn
        ...
        ... class Net(nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.fc = nn.Linear(2, 2)
        ...
        ...     def forward(self, x):
        ...         return self.fc(x)
        ... '''
        >>> print(hook_source(text, Options(root=())).code.splitlines()[-1])
                return self.fc_hook_point(self.fc(x))
    """
    return hook_sources({path or "<source>": source}, options)[path or "<source>"]


def hook_sources(
    sources: Mapping[str, str], options: Options = DEFAULTS
) -> dict[str, HookedSource]:
    """Insert hook points into the modules of a tree, whose classes may inherit across its files.

    `sources` maps the path of each file, relative to the tree's root and with forward slashes, to
    its text.

    Raises:
        SourceError: a text is no Python.
        OptionsError: a root or an ``only`` pattern names nothing in the tree.
    """
    read = {path: read_source(text, path) for path, text in sources.items()}
    existing = {path: read_existing(source, options) for path, source in read.items()}
    trees = {path: source.tree for path, source in read.items()}
    program = Program(trees, library.makes_module)
    try:
        flow = Flow(interpret(program, options.entry))
        candidates, left_alone = find_sites(flow, options)
        decided = decide(program, flow, candidates, left_alone, existing, options)
    except RecursionError:
        deepest = max(read.values(), key=lambda source: source.deepest_expression()[0])
        raise deepest.too_deep() from None
    records = by_file(decided)
    return {
        path: _hooked(path, read.pop(path), decided, records[path], sources[path])
        for path in sources
    }


def _hooked(
    path: str, source: Source, decided: Decided, records: FileRecords, text: str
) -> HookedSource:
    edits = decided.edits[path]
    has_module = any(decl.is_module for decl in decided.program.files[path].classes)
    options = decided.options
    code = insert(source, edits, options) if edits else text
    notes, left_to_fallback = notes_of(source, records)
    roots = tuple(one.qualified_name for one in decided.roots if one.file.path == path)
    sites = sites_of(source, records, decided.full_names)
    return HookedSource(code, sites, notes, roots, has_module, left_to_fallback)


def strip_source(code: str, options: Options = DEFAULTS) -> str:
    """Take the hook points out again; `options.name` is the pattern that they follow.

    Raises:
        SourceError: the text is no Python.
    """
    return strip(code, options)
