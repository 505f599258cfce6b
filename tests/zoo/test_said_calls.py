"""What the rewriter says of a folder names the calls that no hook point in the source sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zoo.packages import rewrite
from tests.zoo.said_calls import is_said, rewritten_lines

SOURCE = """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = nn.Linear(2, 2)
        self.one = nn.Linear(2, 2)
        self.two = nn.Linear(2, 2)

    def forward(self, xs):
        xs = list(map(self.one, xs))
        for layer in (self.one, self.two):
            xs = [layer(x) for x in xs]
        return [self.seen(x) for x in xs]
"""


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    original = folder / "original"
    original.mkdir()
    (original / "net.py").write_text(SOURCE)
    rewrite(original, folder / "rewritten")
    return folder / "rewritten"


@pytest.mark.parametrize(
    ("text", "path", "named"),
    [
        ("map(", "one", True),
        ("layer(x)", "two", True),
        ("layer(x)", "blocks.3", True),
        ("self.seen(x)", "other", False),
    ],
)
def test_what_is_left_to_the_fallback(rewritten: Path, text: str, path: str, named: bool) -> None:
    lines = (rewritten / "net.py").read_text().splitlines()
    (line,) = (number for number, one in enumerate(lines, 1) if text in one)
    assert is_said(rewritten, "net.py", line, path, with_fallback=True) == named
    assert not is_said(rewritten, "net.py", line, path, with_fallback=False)


def test_of_a_folder_of_which_nothing_is_kept(tmp_path: Path) -> None:
    assert not is_said(tmp_path, "net.py", 1, "one", with_fallback=True)


def test_lines_that_gain_tokens() -> None:
    before = "def f(x):\n    y = g(\n        x\n    )\n    return y\n"
    after = "import h\ndef f(x):\n    y = h(g(\n        x\n    ))\n    y = h(y)\n    return y\n"
    assert rewritten_lines(before, after) == {1: 2, 2: 3, 3: 4, 4: 5, 5: 7}
