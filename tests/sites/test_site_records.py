"""What a site says about itself, and what the notes say."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source
from tests.sites.snippets import BARE, model, module

RECORDS = [
    ("self.fc(x)", ("fc", "module call", None, "fc_hook_point", "fc.hook_point")),
    ("self.mlp.up(x)", ("mlp.up", "module call", None, "mlp_up_hook_point", "mlp.up.hook_point")),
    (
        "[layer(x) for layer in self.layers]",
        ("layers", "module call", None, "layers_hook_points", "layers.*.hook_point"),
    ),
    (
        "self.layers[0](x)",
        ("layers", "module call", None, "layers_hook_points", "layers.*.hook_point"),
    ),
    (
        "self.attn(x, x, x)[0]",
        ("attn", "module call", "[0]", "attn_hook_point", "attn.hook_point"),
    ),
    ("self.pair(x)[1]", ("pair", "module call", "[1]", "pair_hook_point", "pair.hook_point")),
    ("x + self.b", ("b", "parameter use", None, "b_hook_point", "b.hook_point")),
    (
        "x @ self.weights[0]",
        ("weights", "parameter use", None, "weights_hook_points", "weights.*.hook_point"),
    ),
]


@pytest.mark.parametrize(
    ("expression", "record"), [pytest.param(*row, id=row[0]) for row in RECORDS]
)
def test_record(expression: str, record: tuple[str | None, ...]) -> None:
    (site,) = hook_source(model(f"return {expression}"), BARE).sites
    assert site.class_name == "Model"
    assert (
        site.attribute,
        site.kind,
        site.element,
        site.hook_point,
        site.runtime_name,
    ) == record


def test_place() -> None:
    code = module("self.fc = nn.Linear(8, 8)\n--\nx = x + self.fc(x)\nreturn x")
    (site,) = hook_source(code, BARE).sites
    line = code.splitlines()[site.line - 1]
    assert line.strip() == "x = x + self.fc(x)"
    assert line[site.column - 1 :].startswith("self.fc(x)")


def test_in_the_order_of_the_source() -> None:
    code = model("x = self.norm(self.fc(x))\nreturn self.fc(x) + self.b")
    sites = hook_source(code, BARE).sites
    assert sorted(site.attribute for site in sites) == ["b", "fc", "fc", "norm"]
    assert [site.line for site in sites] == sorted(site.line for site in sites)


def test_sites_that_stand_already() -> None:
    code = model("x = self.norm(self.fc(x))\nreturn self.fc(x) + self.b")
    once = hook_source(code, BARE)
    twice = hook_source(once.code, BARE)
    assert [(site.attribute, site.hook_point) for site in once.sites] == [
        (site.attribute, site.hook_point) for site in twice.sites
    ]


NOTED = [
    pytest.param(model("return self.fc(self.fc(x))"), "fc", id="a shared hook point"),
    pytest.param(model("return x + self.b - self.b"), "b", id="a shared parameter"),
    pytest.param(model("return self.pair(x)"), "pair", id="a tuple without a name"),
    pytest.param(model("x = self.fc(x)\nx += 1\nreturn x"), "place", id="changed in place"),
    pytest.param(
        model("for layer in (self.fc, self.norm):\n    x = layer(x)\nreturn x"),
        "layer",
        id="a loop over a tuple",
    ),
    pytest.param(
        model("for layer in [*self.layers, *self.norms]:\n    x = layer(x)\nreturn x"),
        "layer",
        id="a loop over two containers",
    ),
    pytest.param(
        model("for head in (self.heads[k] for k in hs):\n    x = head(x)\nreturn x"),
        "head",
        id="a loop over a generator",
    ),
    pytest.param(
        model("return [f(x) for f in (self.fc, self.norm)]"), "f ", id="in a comprehension"
    ),
    pytest.param(model("return list(map(self.fc, hs))"), "fc", id="passed on"),
    pytest.param(
        model("fn = self.fc if self.training else self.norm\nreturn fn(x)"),
        "fn",
        id="one of several",
    ),
    pytest.param(model("return F.linear(x, self.W, self.bias)"), "bias", id="optional parameter"),
    pytest.param(
        module(
            "self.fc = nn.Linear(8, 8)\n--\n"
            "for child in self.children():\n    x = child(x)\nreturn self.fc(x)"
        ),
        "children",
        id="walks its children",
    ),
    pytest.param(
        "from torch import nn\n\n\nclass Stack(nn.Sequential):\n"
        "    def forward(self, x):\n        return self.fc(x)\n",
        "Stack",
        id="a subclass of Sequential",
    ),
    pytest.param(
        module(
            "if width:\n    self.head = nn.Linear(8, 8)\nelse:\n    self.head = lambda x: None\n--\n"
            "out = self.head(x)\nreturn out"
        ),
        "head",
        id="may be None",
    ),
]


@pytest.mark.parametrize(("code", "word"), NOTED)
def test_notes(code: str, word: str) -> None:
    notes = hook_source(code, BARE).notes
    assert any(word in note.message for note in notes), [str(note) for note in notes]
    lines = code.splitlines()
    for note in notes:
        assert note.code == note.code.lower().replace(" ", "-")
        assert 1 <= note.line <= len(lines)
        assert 1 <= note.column <= len(lines[note.line - 1]) + 1
        assert note.message
        assert not note.message.endswith(".")


def test_shared_hook_point_has_its_code() -> None:
    notes = hook_source(model("return x + self.b - self.b"), BARE).notes
    assert "shared-hook-point" in {note.code for note in notes}


def test_per_site_shares_nothing() -> None:
    notes = hook_source(
        model("return x + self.b - self.b"), Options(root=(), format=False, per_site=True)
    ).notes
    assert "shared-hook-point" not in {note.code for note in notes}


def test_a_plain_model_has_no_notes() -> None:
    assert hook_source(module("self.fc = nn.Linear(8, 8)\n--\nreturn self.fc(x)"), BARE).notes == ()
