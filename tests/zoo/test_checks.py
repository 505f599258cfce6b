"""The zoo's own checks: each finds what it is there for, and nothing in what is well."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformer_lens.hook_points import HookPoint

from tests.zoo.calls import TORCH, ModuleCall, hooked_by, recorded_calls
from tests.zoo.comparing import summed, unequal
from tests.zoo.running import run_hooked, run_plain
from tests.zoo.text_invariants import breaches, lines_that_gain_nothing

HERE = Path(__file__)


class Net(nn.Module):
    """What a package may hold, with hook points for one of two layers and for the parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(3, 3)
        self.two = nn.Sequential(nn.Linear(3, 3), nn.ReLU())
        self.scale = nn.Parameter(torch.ones(3))
        self.one_hook_point = HookPoint()
        self.scale_hook_point = HookPoint()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale_hook_point(self.two(self.one_hook_point(self.one(x))) * self.scale)


def call(model: nn.Module) -> Any:
    return model(torch.ones(2, 3))


def net() -> Net:
    torch.manual_seed(0)
    return Net()


def hooked_row() -> dict[str, Any]:
    return run_hooked(net(), call, str(HERE), "hooked")


@pytest.fixture(scope="module")
def rows() -> tuple[dict[str, Any], dict[str, Any]]:
    plain = run_plain(net(), call) | {"made": ["one", "two"]}
    return plain, hooked_row()


def test_equal_rows_are_equal(rows: tuple[dict[str, Any], dict[str, Any]]) -> None:
    plain, hooked = rows
    assert unequal(plain, hooked) == []
    total = summed({"net": plain}, {"net": hooked}, HERE.parent)
    assert total.equal == 1
    # nothing is kept of what the rewriter said, and it has not written this class
    assert total.failures == ["net: no hook point and no note for two"]
    assert total.counts["source unsaid"] == 1
    assert total.share("source passed", "source calls") == "50.0 % (1/2)"
    assert total.share("source parameters seen", "source parameters used") == "100.0 % (1/1)"
    # the two layers and what is inside the second
    assert total.share("fallback passed", "fallback calls") == "100.0 % (4/4)"


SPOILT: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("state: 1 differ", lambda row: row["state"].update({"one.weight": "0"})),
    ("state: other names", lambda row: row["state"].pop("one.weight")),
    ("eval: 1 differ", lambda row: row["eval"].update(output="0")),
    ("train: 1 differ", lambda row: row["train"].update({"gradient scale": "0"})),
    ("random numbers", lambda row: row.update(random="0")),
    ("run_with_cache's output", lambda row: row["cache"]["outputs"].update(output="0")),
    ("cache: one_hook_point", lambda row: row["cache"]["wrong"].append("one_hook_point")),
    ("output after auto_hook", lambda row: row.update({"eval after auto_hook": False})),
    ("other module calls", lambda row: row["source"]["made"].append("one")),
    ("no tensor at one_hook_point", lambda row: row["source"]["not tensors"].append("one_hook_point")),
    ("one_hook_point fired", lambda row: row["source"]["fired without a call"].append("one_hook_point")),
]  # fmt: skip


@pytest.mark.parametrize(("found", "spoil"), SPOILT, ids=[found for found, _ in SPOILT])
def test_what_differs_is_found(
    found: str, spoil: Callable[[dict[str, Any]], Any], rows: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    plain, hooked = rows
    spoilt = copy.deepcopy(hooked)
    spoil(spoilt)
    assert any(one.startswith(found) for one in unequal(plain, spoilt))


def test_a_call_that_no_hook_point_sees_is_missed(
    rows: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    hooked = copy.deepcopy(rows[1])
    [missed] = hooked["source"]["missed"]
    assert missed[0] == "two"
    hooked["fallback"]["missed"].append(missed)
    total = summed({"net": rows[0]}, {"net": hooked}, HERE.parent)
    assert total.failures[-1] == "net: the fallback misses two"


def test_a_model_that_fails_hooked_is_a_failure(
    rows: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    total = summed(
        {"net": rows[0]}, {"net": {"name": "net", "error": "ValueError: no\nmore"}}, HERE.parent
    )
    assert (total.equal, total.failures) == (0, ["net: ValueError: no"])


class Passing(nn.Module):
    """A hook point that gets a tuple, and one of a module that is not called."""

    def __init__(self) -> None:
        super().__init__()
        self.idle = nn.Identity()
        self.idle_hook_point = HookPoint()

    def forward(self, x: torch.Tensor) -> Any:
        return self.idle_hook_point((x, x))


def test_tuples_and_hook_points_without_a_call_are_seen() -> None:
    with recorded_calls(model := Passing()) as calls:
        call(model)
    assert [type(value) for value in calls.fired["idle_hook_point"]] == [tuple]
    assert calls.made == []


def test_calls_know_who_made_them() -> None:
    with recorded_calls(model := net()) as calls:
        call(model)
    torch_made = {one.path for one in calls.made if one.called_by_torch}
    assert torch_made == {"two.0", "two.1"}
    assert [(one.path, one.passed) for one in calls.by_code_in(str(HERE))] == [
        ("one", True),
        ("two", False),
    ]


def test_torchaudio_is_not_torch() -> None:
    assert ModuleCall("fc", f"{TORCH}nn/modules/container.py", 1, False, []).called_by_torch
    beside = f"{TORCH.rstrip('/')}audio/models/tacotron2.py"
    assert not ModuleCall("fc", beside, 1, False, []).called_by_torch


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("blocks.0.hook_point", "blocks_hook_points.0"),
        ("mlp.up.hook_point", "mlp_up_hook_point"),
        ("fc.hook_point", "fc_hook_point_2"),
    ],
)
def test_names_of_one_module_meet(one: str, other: str) -> None:
    assert hooked_by(one) == hooked_by(other)


SOURCE = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        return self.fc(x)
"""


def test_a_good_text_breaks_nothing() -> None:
    assert list(breaches(SOURCE)) == []


def test_a_text_that_is_no_python_is_a_breach() -> None:
    assert {one.invariant for one in breaches("class Net(nn.Module:\n")} == {
        "rewritten without an error"
    }


@pytest.mark.parametrize(
    ("result", "found"),
    [
        (SOURCE.replace("self.fc(x)", "self.fc_hook_point(self.fc(x)"), {"compiles"}),
        (SOURCE.replace("nn.Linear(2, 2)", "nn.Linear(2)"), {"only inserts", "strip", "twice"}),
        (SOURCE.replace("return ", "return  "), {"small diffs", "strip", "twice"}),
        (
            SOURCE.replace("self.fc(x)", "self.fc_hook_point(self.fc_hook_point(self.fc(x)))"),
            {"hooked once", "twice"},
        ),
    ],
)
def test_a_bad_rewrite_is_found(
    result: str, found: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rewriter that gives this text, and another one when it is asked again."""

    class Given:
        code = result

    class Again:
        code = result + "#"

    monkeypatch.setattr(
        "tests.zoo.text_invariants.hook_source",
        lambda text, options: Given if text == SOURCE else Again,
    )
    assert {one.invariant for one in breaches(SOURCE)} == found


def test_a_line_that_gains_nothing_is_found() -> None:
    assert list(lines_that_gain_nothing("a = 1\nb = 2\n", "a =  1\nb = 2 + c\n")) == ["a =  1\n"]
    assert list(lines_that_gain_nothing("a = 1\n", "a = 1\nb = 2\n")) == []
