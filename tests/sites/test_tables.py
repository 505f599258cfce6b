"""What holds for every row of every table: insert only, a second pass, and back by `--strip`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autohook_codegen import hook_source, strip_source
from tests.insertions import missing_token
from tests.sites import (
    test_call_results,
    test_loop_indexes,
    test_making,
    test_module_calls,
    test_parameter_uses,
    test_roots,
    test_unpacked_results,
    test_untouched,
)
from tests.sites.snippets import BARE, model, module
from tests.sites.test_roots import PLAIN


def _rows() -> list[Any]:
    forwards: list[tuple[str, str]] = []
    for table in (test_module_calls, test_parameter_uses):
        forwards += [(f"return {row[0]}", row[0]) for row in table.EXPRESSIONS]
        forwards += [(row.values[0], row.id) for row in table.STATEMENTS]
    for pairs in (test_loop_indexes, test_unpacked_results, test_call_results):
        forwards += [(row.values[0], row.id) for row in pairs.PAIRS]
    forwards += [(row.values[0], row.id) for row in test_untouched.FORWARDS]
    rows = [pytest.param(model(text), BARE, id=name) for text, name in forwards]
    rows += [pytest.param(module(row.values[0]), BARE, id=row.id) for row in test_making.PAIRS]
    rows += [pytest.param(row.values[0], BARE, id=row.id) for row in test_making.MODULES]
    rows += [pytest.param(row.values[0], PLAIN, id=row.id) for row in test_roots.PAIRS[:-1]]
    return rows


ROWS = _rows()
"""Without the row whose syntax `tokenize` cannot read on every Python."""

UNNAMED = [
    row for row in ROWS if "hook_point" not in row.values[0] and "HookPoint" not in row.values[0]
]
"""The sources that use none of the names that a rewrite adds: `--strip` gives these back."""


@pytest.mark.parametrize(("source", "options"), ROWS)
def test_compiles_and_only_inserts(source: str, options: Any) -> None:
    code = hook_source(source, options).code
    compile(code, "model.py", "exec", dont_inherit=True)
    assert missing_token(source, code) is None


@pytest.mark.parametrize(("source", "options"), ROWS)
def test_a_second_pass_changes_nothing(source: str, options: Any) -> None:
    code = hook_source(source, options).code
    assert hook_source(code, options).code == code


@pytest.mark.parametrize(("source", "options"), ROWS)
def test_under_another_name_pattern(source: str, options: Any) -> None:
    options = replace(options, name="hook_{name}")
    code = hook_source(source, options).code
    assert "_hook_point" in source or "_hook_point" not in code
    assert missing_token(source, code) is None
    assert hook_source(code, options).code == code
    if "hook_point" not in source and "HookPoint" not in source:
        assert strip_source(code, options) == source


def test_newer_syntax_comes_back_too() -> None:
    source = test_roots.PAIRS[-1].values[0]
    assert strip_source(hook_source(source, PLAIN).code, PLAIN) == source


@pytest.mark.parametrize(("source", "options"), UNNAMED)
def test_strip_gives_the_source_back(source: str, options: Any) -> None:
    assert strip_source(hook_source(source, options).code, options) == source
