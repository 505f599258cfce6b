"""The class as it is written fires what `auto_hook` fires, or a note says why not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from autohook_runtime import CheckError, check_auto_hook
from transformers import GPT2Config, GPT2LMHeadModel

from autohook_codegen import Note, api
from autohook_codegen.hooked_source import HookedSource
from autohook_codegen.notes import NoteCode
from tests.runtime.checked_models import WIDTH, Good, Handing, Partial, Passing, Whole

CHECK = "generated version covers"
X = {"x": torch.ones(2, WIDTH)}


@pytest.mark.parametrize("model_class", [Good, Partial, Whole, Handing, Passing])
def test_covers(model_class: Any) -> None:
    finding = check_auto_hook(model_class, X, {}, strict=True)[CHECK]
    assert (finding.passed, finding.names) == (True, ())


def test_a_library_model_that_is_no_part_of_the_file() -> None:
    config = GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=9, bos_token_id=0, eos_token_id=0)
    ids = {"input_ids": torch.arange(6)[None]}
    assert check_auto_hook(GPT2LMHeadModel, ids, {"config": config})[CHECK].names == ()


def spoilt(monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], *notes: Note) -> None:
    """The class is written with these changes."""
    code = api.hook_source(Path(Good.__init__.__code__.co_filename).read_text("utf-8")).code
    for old, new in changes.items():
        assert old in code
        code = code.replace(old, new, 1)
    monkeypatch.setattr(api, "hook_source", lambda *args, **kwargs: HookedSource(code, notes=notes))


UNHOOKED = {"self.used_hook_point(self.used(x))": "self.used(x)"}


def test_a_site_that_the_source_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt(monkeypatch, UNHOOKED)
    with pytest.raises(CheckError, match=rf"{CHECK} +FAILED +one of the two only: used.hook_point"):
        check_auto_hook(Partial, X, {}, strict=True)


def test_one_that_a_note_names(monkeypatch: pytest.MonkeyPatch) -> None:
    note = Note(NoteCode.NO_TENSOR, 1, 1, "self.used(…) gives back no single tensor")
    spoilt(monkeypatch, UNHOOKED, note)
    finding = check_auto_hook(Partial, X, {}, strict=True)[CHECK]
    assert (finding.passed, finding.names) == (True, ("used.hook_point",))


def test_a_site_that_the_runtime_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    made, fires = "self.idle_hook_point = HookPoint()", "self.idle_hook_point(self.idle(x))"
    spoilt(
        monkeypatch,
        {
            made: f"{made}\n        self.unused_hook_point = HookPoint()",
            fires: f"{fires}\n        self.unused_hook_point(x)",
        },
    )
    with pytest.raises(CheckError, match="one of the two only: unused_hook_point"):
        check_auto_hook(Partial, X, {}, strict=True)
