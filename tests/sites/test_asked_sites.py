"""``--site``: what the user names is hooked, or an error says where it might be."""

from __future__ import annotations

import re

import pytest

from autohook_codegen import Options, OptionsError, hook_source, strip_source
from tests.sites.snippets import module

INIT = """
self.fc = nn.Linear(width, width)
self.norm = nn.LayerNorm(width)
self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
self.W = nn.Parameter(torch.ones(width))
"""
PAIRS = [
    pytest.param(
        "gate",
        "gate = torch.sigmoid(self.fc(x))\nreturn x * gate",
        "gate = self.gate_hook_point(torch.sigmoid(self.fc(x)))\nreturn x * gate",
        id="a local name",
    ),
    pytest.param(
        "gate as g",
        "gate = torch.sigmoid(self.fc(x))\nreturn x * gate",
        "gate = self.g_hook_point(torch.sigmoid(self.fc(x)))\nreturn x * gate",
        id="with another name",
    ),
    pytest.param(
        "y",
        "y = self.fc(x)\nif self.training:\n    y = y * 2\nreturn y",
        "y = self.y_hook_point(self.fc(x))\nif self.training:\n"
        "    y = self.y_hook_point(y * 2)\nreturn y",
        id="each assignment of a local name",
    ),
    pytest.param(
        "y = y * 2",
        "y = self.fc(x)\nif self.training:\n    y = y * 2\nreturn y",
        "y = self.fc(x)\nif self.training:\n    y = self.y_hook_point(y * 2)\nreturn y",
        id="an assignment as it stands",
    ),
    pytest.param(
        "Model.forward:y+=x",
        "y = self.fc(x)\ny += x\nreturn y",
        "y = self.fc(x)\ny += x\ny = self.y_hook_point(y)\nreturn y",
        id="an assignment in place",
    ),
    pytest.param(
        "b",
        "a, b = self.fc(x).chunk(2, -1)\nreturn a * b",
        "a, b = self.fc(x).chunk(2, -1)\nb = self.b_hook_point(b)\nreturn a * b",
        id="one of several targets",
    ),
    pytest.param(
        "x",
        "return self.fc(x)",
        "x = self.x_hook_point(x)\nreturn self.fc(x)",
        id="an argument",
    ),
    pytest.param(
        "h",
        "y = 0\nfor h in self.fc(x):\n    y = y + h\nreturn y",
        "y = 0\nfor h in self.fc(x):\n    h = self.h_hook_point(h)\n    y = y + h\nreturn y",
        id="what a loop binds",
    ),
    pytest.param(
        "y",
        "if (y := self.fc(x)).sum() > 0:\n    return y\nreturn x",
        "if (y := self.y_hook_point(self.fc(x))).sum() > 0:\n    return y\nreturn x",
        id="a walrus",
    ),
    pytest.param(
        "y",
        "y: torch.Tensor = self.fc(x)\nreturn y",
        "y: torch.Tensor = self.y_hook_point(self.fc(x))\nreturn y",
        id="with an annotation",
    ),
    pytest.param(
        "torch.sigmoid( self.fc( x ) )",
        "return x * torch.sigmoid(self.fc(x))",
        "return x * self.fc_sigmoid_hook_point(torch.sigmoid(self.fc(x)))",
        id="an expression, named after the module that it comes from",
    ),
    pytest.param(
        "z.exp()",
        "y = self.norm(x)\nz = y.flatten(1) * 2\nreturn z.exp()",
        "y = self.norm(x)\nz = y.flatten(1) * 2\nreturn self.norm_exp_hook_point(z.exp())",
        id="over steps that have no name",
    ),
    pytest.param(
        "y - y.mean()",
        "y = x * self.W\nreturn y - y.mean()",
        "y = x * self.W\nreturn self.W_sub_hook_point(y - y.mean())",
        id="after a parameter",
    ),
    pytest.param(
        "x.exp()",
        "return x.exp()",
        "return self.exp_hook_point(x.exp())",
        id="after nothing",
    ),
    pytest.param(
        "y.exp() as e",
        "for layer in self.layers:\n    y = layer(x)\n    x = x + y.exp()\nreturn x + y.exp()",
        "for layer in self.layers:\n    y = layer(x)\n    x = x + self.e_hook_point(y.exp())\n"
        "return x + self.e_hook_point(y.exp())",
        id="an expression that stands twice",
    ),
    pytest.param(
        "y as fc",
        "y = self.fc(x)\nreturn y",
        "y = self.fc_hook_point_2(self.fc(x))\nreturn y",
        id="under a name that is taken",
    ),
    pytest.param(
        "inner",
        "def body(x):\n    inner = x * 2\n    return inner\n\nreturn body(self.fc(x))",
        "def body(x):\n    inner = self.inner_hook_point(x * 2)\n    return inner\n\n"
        "return body(self.fc(x))",
        id="in a nested function",
    ),
]


def forward_of(code: str) -> str:
    return code.partition("def forward(self, x):\n")[2]


@pytest.mark.parametrize(("site", "before", "after"), PAIRS)
def test_text(site: str, before: str, after: str) -> None:
    init = INIT + ("self.fc_hook_point = 1\n" if "_2" in after else "")
    options = Options(modules=False, params=False, site=(site,), root=(), format=False)
    code = hook_source(module(f"{init}--\n{before}"), options).code
    assert forward_of(code) == forward_of(module(f"{init}--\n{after}"))
    assert hook_source(code, options).code == code


def test_where_a_module_gives_it_both_names_are_one_hook_point() -> None:
    code = module(f"{INIT}--\ny = self.fc(x)\nreturn y")
    hooked = hook_source(code, Options(site=("y",), root=(), format=False))
    assert "self.y_hook_point = self.fc_hook_point = HookPoint()" in hooked.code
    assert "y = self.y_hook_point(self.fc(x))" in hooked.code
    (site,) = hooked.sites
    assert (site.attribute, site.kind, site.names) == ("y", "asked", ("y_hook_point",))


MEMBERS = """
self.layers = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
for i in range(2):
    setattr(self, f"fc{i}", nn.Linear(width, width))
--
for layer in self.layers:
    y = layer(x)
for i in range(2):
    z = getattr(self, f"fc{i}")(y)
return z
"""


@pytest.mark.parametrize("name", ["y", "z"])
def test_a_member_of_a_container_keeps_its_own(name: str) -> None:
    options = Options(site=(name,), root=(), format=False)
    code = hook_source(module(MEMBERS), options).code
    assert f"self.{name}_hook_point = HookPoint()" in code
    assert hook_source(code, options).code == code
    assert strip_source(code, options) == module(MEMBERS)


def test_a_value_with_a_role_has_that_name_too() -> None:
    code = module(
        "self.q = nn.Linear(8, 8)\nself.k = nn.Linear(8, 8)\n--\n"
        "s = self.q(x) @ self.k(x).mT\np = s.softmax(-1)\nreturn p @ x"
    )
    hooked = hook_source(code, Options(activations=True, site=("p",), root=(), format=False)).code
    assert "self.pattern_hook_point = self.p_hook_point = HookPoint()" in hooked
    assert "p = self.pattern_hook_point(self.attn_scores_hook_point(s).softmax(-1))" in hooked


def test_patterns_do_not_keep_it_away() -> None:
    code = module(f"{INIT}--\ny = self.fc(x) * 2\nreturn y")
    hooked = hook_source(code, Options(site=("y",), only=("Model.y",), root=()))
    assert [site.attribute for site in hooked.sites] == ["y"]


TWO = """
from torch import nn


class One(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        y = self.fc(x)
        return y


class Other(One):
    def forward(self, x, sizes=()):
        y = x + 1
        sizes = x.shape
        return super().forward(y)
"""
ERRORS = [
    ("z", "'z' is not found in One.forward, Other.forward"),
    ("One.forward:z", "is not found in One.forward"),
    ("Nobody.forward:y", "no method 'Nobody.forward'"),
    ("y", "several methods, One.forward (line 11), Other.forward (line 17)"),
    ("Other.forward:sizes", "is no tensor in line 18"),
    ("x.view(3)", "'x.view(3)' is not found"),
]


@pytest.mark.parametrize(("site", "message"), ERRORS)
def test_errors_list_the_places(site: str, message: str) -> None:
    with pytest.raises(OptionsError, match=re.escape(message)):
        hook_source(TWO, Options(site=(site,)))


def test_a_class_and_a_method_tell_which() -> None:
    hooked = hook_source(TWO, Options(site=("Other.forward:y",), modules=False, format=False))
    assert "y = self.y_hook_point(x + 1)" in hooked.code
