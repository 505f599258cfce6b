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
    (
        "torch.cat((self.W.T, x))",
        ("W", "parameter use", "value", "W_hook_point", "W.hook_point"),
    ),
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


NAMES = [
    pytest.param(
        "self.block = Part(8)", "y = self.block(x)", {"block.inner_hook_point"}, id="held"
    ),
    pytest.param(
        "self.blocks = nn.ModuleList([Part() for _ in range(3)])",
        "for block in self.blocks:\n    x = block(x)",
        {"blocks.*.inner_hook_point"},
        id="in a list",
    ),
    pytest.param(
        "self.body = nn.ModuleDict(dict(h=nn.ModuleList([Part()]), last=Part()))",
        "x = self.body.h[0](self.body.last(x))",
        {"body.h.*.inner_hook_point", "body.last.inner_hook_point"},
        id="in a dict",
    ),
    pytest.param(
        'for i in range(2):\n    setattr(self, f"block{i}", Part())',
        'for i in range(2):\n    x = getattr(self, f"block{i}")(x)',
        {"block*.inner_hook_point"},
        id="by a name that is worked out",
    ),
    pytest.param(
        "blocks = [Part() for _ in range(3)]\nself.blocks = nn.Sequential(*blocks)",
        "x = self.blocks(x)",
        {"blocks.*.inner_hook_point"},
        id="in a Sequential",
    ),
    pytest.param(
        "self.blocks = nn.ModuleList()\nfor _ in range(3):\n    self.blocks.append(Part())",
        "x = self.blocks[-1](x)",
        {"blocks.*.inner_hook_point"},
        id="added later",
    ),
    pytest.param(
        "self.one = Part()\nself.other = Sub()",
        "x = self.one(self.other(x))",
        {"one.inner_hook_point", "other.inner_hook_point"},
        id="inherited",
    ),
    pytest.param(
        "self.spare = [Part()]\nself.part = Part()",
        "x = self.part(x)",
        {"part.inner_hook_point"},
        id="a plain list holds nothing",
    ),
]
PART = """
class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(8, 8)

    def forward(self, x):
        return self.inner(x)
"""
SUBCLASS = """

class Sub(Part):
    pass
"""


@pytest.mark.parametrize(("init", "forward", "names"), NAMES)
def test_full_names(init: str, forward: str, names: set[str]) -> None:
    parts = PART + SUBCLASS if "Sub" in init else PART
    code = parts.join(module(f"{init}\n--\n{forward}\nreturn x").partition("\n\n")[::2])
    (site,) = (one for one in hook_source(code).sites if one.attribute == "inner")
    assert set(site.names) == names
    assert site.expression == "self.inner(x)"


def test_names_of_members() -> None:
    code = module(
        "self.heads = nn.ModuleList([nn.ModuleList([nn.Tanh()])])\n--\nreturn self.heads[0][0](x)"
    )
    (site,) = hook_source(code).sites
    assert site.names == ("heads_hook_points.*.*",)


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
    pytest.param(model("y, _ = self.attn(x, x, x)\nreturn y"), "out_proj", id="never called"),
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


def test_models_that_may_hold_any_of_one_another() -> None:
    models = "".join(
        f"""

class Model{i}(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.inner{i} = MODELS[kind](kind)
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.inner{i}(self.fc(x))
"""
        for i in range(14)
    )
    registry = ", ".join(f'"{i}": Model{i}' for i in range(14))
    source = f"""\
from torch import nn
{models}


MODELS = {{{registry}}}


class Net(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.model = MODELS[kind](kind)

    def forward(self, x):
        return self.model(x)
"""
    sites = [one for one in hook_source(source).sites if one.attribute == "fc"]
    assert [one.names for one in sites] == [("*.fc_hook_point",)] * 14
