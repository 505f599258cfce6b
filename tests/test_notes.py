"""The table of notes: each kind is whole, and the README lists it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autohook_codegen.notes import NoteCode

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.parametrize("code", list(NoteCode))
def test_the_readme_lists_each_kind(code: NoteCode) -> None:
    assert f"| `{code}` | {code.reason} | {code.advice} |" in README


def test_a_code_is_its_text() -> None:
    assert NoteCode.SHARED_HOOK_POINT == "shared-hook-point"
    assert f"{NoteCode.SHARED_HOOK_POINT}" == "shared-hook-point"


def test_words_of_the_input_are_no_format() -> None:
    message = NoteCode.NO_TENSOR.says(called="self.part['{x}'](…)")
    assert message.text == "self.part['{x}'](…) gives back no single tensor"


def test_what_auto_hook_hooks_needs_no_note() -> None:
    message = NoteCode.UNUSED_RESULT.says(called="self.fc(…)")
    assert message.with_advice(is_hooked_at_run_time=True) is None
    assert message.with_advice(is_hooked_at_run_time=False) is not None
