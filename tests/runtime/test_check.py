"""`check_auto_hook`: what it finds, and that it leaves everything as it was."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from autohook_runtime import CheckError, check_auto_hook
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

from autohook_codegen import api
from autohook_codegen.hooked_source import HookedSource
from tests.runtime.checked_models import WIDTH, Forgetful, Good, Partial, Suspicious
from tests.runtime.models import Net

CHECKS = [
    "same outputs",
    "same gradients",
    "names unique",
    "hook points fire",
    "edits change the output",
    "backward hooks",
    "cache",
    "unwrap",
    "deepcopy",
    "pickle",
    "dtype moves",
    "generated version agrees",
    "generated version covers",
]
X = {"x": torch.ones(2, WIDTH)}


@pytest.mark.parametrize(
    ("model_class", "kwargs"), [(Good, {"width": WIDTH}), (Net, {}), (Partial, {})]
)
def test_passes(model_class: Any, kwargs: dict[str, Any]) -> None:
    report = check_auto_hook(model_class, X, kwargs, strict=True)
    assert [finding.check for finding in report.findings] == CHECKS
    assert report.passed
    assert not report.failures


def test_prints_as_a_table() -> None:
    lines = str(check_auto_hook(Partial, X, {})).splitlines()
    assert re.fullmatch(r"check +Partial", lines[0])
    fires = "not reached by this input: unused.hook_point"
    assert re.fullmatch(rf"hook points fire +passed +{fires}", lines[5])
    assert re.fullmatch(r"edits .* passed +an edit changes nothing at: idle.hook_point", lines[6])
    assert "no gradient of the output comes to: idle.hook_point" in lines[7]


def test_a_transformers_model() -> None:
    config = GPT2Config(n_layer=2, n_head=2, n_embd=8, vocab_size=9, bos_token_id=0, eos_token_id=0)
    ids = torch.arange(6)[None]
    report = check_auto_hook(GPT2LMHeadModel, {"input_ids": ids, "labels": ids}, {"config": config})
    assert [f.check for f in report.failures if f.check != "generated version agrees"] == []
    assert set(report["hook points fire"].names) == {
        f"transformer.h.{layer}.attn.attn_dropout.hook_point" for layer in range(2)
    }


def test_a_class_that_it_is_not_right_for() -> None:
    with pytest.warns(UserWarning, match="auto_hook is not right for this class"):
        report = check_auto_hook(Suspicious, X, {})
    assert not report.passed
    assert not report["same outputs"].passed
    with pytest.raises(CheckError, match=r"same outputs +FAILED +differ: outputs"):
        check_auto_hook(Suspicious, X, {}, strict=True)


def test_what_the_plain_class_cannot_do_either() -> None:
    report = check_auto_hook(Forgetful, X, {}, strict=True)
    for check in ("deepcopy", "pickle"):
        assert report[check].remark == "not the plain class either:"
        assert "generator" in report[check].names[0]


def test_a_generated_version_that_shows_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    right = api.hook_source(Path(Good.__init__.__code__.co_filename).read_text(encoding="utf-8"))
    wrong = right.code.replace(
        "self.fc1_hook_point(self.fc1(x))", "self.fc1_hook_point(self.fc1(x) * 2) / 2"
    )
    assert wrong != right.code
    monkeypatch.setattr(api, "hook_source", lambda *args, **kwargs: HookedSource(wrong))
    with pytest.raises(CheckError, match="another value than the runtime's: fc1_hook_point"):
        check_auto_hook(Good, X, {}, strict=True)


def test_leaves_the_class_and_the_random_state_alone() -> None:
    before = dict(vars(Good)), torch.get_rng_state(), random.getstate()
    check_auto_hook(Good, X, {})
    assert dict(vars(Good)) == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])
    assert random.getstate() == before[2]
    assert type(Good()) is Good


@pytest.mark.parametrize("model_class", [3, int, nn.Identity()])
def test_takes_classes_of_modules(model_class: Any) -> None:
    with pytest.raises(TypeError, match=r"takes a class of nn\.Modules"):
        check_auto_hook(model_class, {}, {})
