"""The answers depend on the program alone: not on the order of its classes or files, nor on what
else stands beside them."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autohook_codegen import Options, hook_source, hook_sources

FIXTURES = Path(__file__).parents[2] / "fixtures"
NAMES = ["encoder", "results", "loops", "inheritance", "containers", "branches", "handed"]
OPTIONS = Options(format=False)
ALL = Options(activations=True, inputs=True, format=False)
UNRELATED = """
class Unrelated{number}(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.norm = self.fc

    def forward(self, x):
        return self.norm(self.fc(x)), x


def unrelated_{number}(module, x):
    return Unrelated{number}()(x)[0]
"""


def sites(source: str, path: str | None = None) -> Counter[tuple[str, ...]]:
    """What the sites of each class are, without their places."""
    hooked = hook_source(source, ALL, path)
    return Counter(
        (one.class_name, one.attribute, one.kind, str(one.element), one.hook_point)
        for one in hooked.sites
        if not one.class_name.startswith("Unrelated")
    )


@pytest.mark.parametrize("name", [*NAMES, "activations/experts", "activations/bert"])
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_classes_in_another_order(name: str, data: st.DataObject) -> None:
    source = (FIXTURES / f"{name}.py").read_text()
    tree = ast.parse(source)
    places = [number for number, node in enumerate(tree.body) if isinstance(node, ast.ClassDef)]
    order = data.draw(st.permutations(places))
    shuffled = list(tree.body)
    for place, other in zip(places, order, strict=True):
        shuffled[place] = tree.body[other]
    tree.body = shuffled
    assert sites(ast.unparse(tree)) == sites(source)


@pytest.mark.parametrize("name", NAMES)
def test_unrelated_classes_beside_them(name: str) -> None:
    source = (FIXTURES / f"{name}.py").read_text()
    more = "".join(UNRELATED.format(number=number) for number in range(3))
    assert sites(source + more) == sites(source)


@settings(max_examples=5, deadline=None)
@given(order=st.permutations(NAMES))
def test_files_in_another_order(order: list[str]) -> None:
    def together(names: list[str]) -> dict[str, str]:
        sources = {f"{name}.py": (FIXTURES / f"{name}.py").read_text() for name in names}
        return {path: hooked.code for path, hooked in hook_sources(sources, OPTIONS).items()}

    assert together(order) == together(NAMES)
