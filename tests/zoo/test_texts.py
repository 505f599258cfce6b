"""The comparison of two versions of the rewriter finds each kind of difference."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.zoo.compare_texts import compared, differences, read_records
from tests.zoo.texts import records, write_records

SOURCE = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.body = nn.Sequential(nn.Linear(2, 2))

    def forward(self, x):
        return self.body(self.fc(nn.ReLU()(x)))
"""


def record() -> dict[str, Any]:
    return records({"net.py": SOURCE}, text=True)["net.py"]


def test_a_record_holds_sites_notes_and_text() -> None:
    found = record()
    assert [(site["attribute"], site["source"].strip()) for site in found["sites"]] == [
        ("body", "return self.body(self.fc(nn.ReLU()(x)))"),
        ("fc", "return self.body(self.fc(nn.ReLU()(x)))"),
    ]
    assert [note["code"] for note in found["notes"]] == ["no-name"]
    assert "self.fc_hook_point(self.fc(nn.ReLU()(x)))" in found["text"]
    assert list(differences(found, found)) == []


CHANGED: list[tuple[str, Callable[[dict[str, Any]], Any]]] = [
    ("site gone: module call", lambda found: found["sites"].pop()),
    ("site elsewhere in its line", lambda found: found["sites"][1].update(column=1)),
    ("site of another attribute", lambda found: found["sites"][1].update(attribute="fc2")),
    ("site of another class", lambda found: found["sites"][1].update(class_name="Other")),
    ("other element", lambda found: found["sites"][0].update(element="[0]")),
    ("other hook point name", lambda found: found["sites"][0].update(hook_point="hook_body")),
    ("other runtime name", lambda found: found["sites"][0].update(runtime_name="body.0")),
    ("note gone: no-name", lambda found: found["notes"].pop()),
    ("note new: no-tensor", lambda found: found["notes"].append(found["notes"][0] | {"code": "no-tensor"})),
    ("note in other words: no-name", lambda found: found["notes"][0].update(message="no")),
    ("note elsewhere in its line: no-name", lambda found: found["notes"][0].update(column=1)),
    ("text differs otherwise", lambda found: found.update(text=found["text"] + "\n")),
    ("error new", lambda found: found.update(error="ValueError: no")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "change"), CHANGED, ids=[kind for kind, _ in CHANGED])
def test_each_kind_of_difference_is_found(
    kind: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    old = record()
    new = copy.deepcopy(old)
    change(new)
    assert {found.kind for found in differences(old, new)} == {kind}


def test_what_is_gone_one_way_is_new_the_other_way() -> None:
    old, new = record(), record()
    del new["sites"][0]
    [found] = differences(new, old)
    assert found.kind == "site new: module call"


def test_folders_are_written_and_compared(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "net.py").write_text(SOURCE)
    (tmp_path / "package" / "numbers.py").write_text("ONE = 1\n")
    for side in ("old", "new"):
        write_records(tmp_path / "package", tmp_path / side, text=side == "new")
    old, new = (read_records(tmp_path / side) for side in ("old", "new"))
    assert list(old) == ["net.py"]
    assert "text" in new["net.py"]
    assert compared(old, new) == {}


def test_a_text_that_is_no_python_is_an_error() -> None:
    assert "invalid syntax" in records({"net.py": "class :"}, text=False)["net.py"]["error"]
