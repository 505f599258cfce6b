"""How a value with a role passes its hook point, and whether a module's name is its second one."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from autohook_codegen import hook_source
from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.interpretation import interpret
from autohook_codegen.analysis.points import Point
from autohook_codegen.declares.program import Program
from autohook_codegen.library import makes_module
from autohook_codegen.sites.roles.find import value_sites_in
from tests.sites.roles.sources import ACTIVATIONS, module

INIT = """
self.q = nn.Linear(width, width)
self.kv = nn.Linear(width, 2 * width)
self.fc = nn.Linear(width, width)
self.out = nn.Linear(width, width)
"""
LINES = [
    pytest.param("return x + self.fc(x)", "x = self.resid_pre_hook_point(x)", id="an argument"),
    pytest.param(
        "return x + self.fc(x)",
        "return self.resid_post_hook_point(x + self.fc(x))",
        id="an expression",
    ),
    pytest.param("x += self.fc(x)\nreturn x", "x = self.resid_post_hook_point(x)", id="in place"),
    pytest.param(
        "k, v = self.kv(x).chunk(2, -1)\nreturn F.scaled_dot_product_attention(self.q(x), k, v)",
        "k = self.k_hook_point(k)",
        id="unpacked",
    ),
    pytest.param(
        "kv = self.kv(x).chunk(2, -1)\nk = kv[0] * 2\n"
        "return F.scaled_dot_product_attention(self.q(x), k, kv[1])",
        "k = self.k_hook_point(kv[0]) * 2",
        id="an item that is read",
    ),
    pytest.param(
        "out = []\nfor i, (q, k) in enumerate(zip(self.q(x).chunk(2, -1), self.fc(x).chunk(2, -1))):\n"
        "    out.append(F.scaled_dot_product_attention(q, k, self.kv(x)))\nreturn out",
        "k = self.k_hook_point(k)",
        id="handed out by a loop",
    ),
    pytest.param(
        "heads = zip(*(w(x).chunk(2, -1) for w in (self.q, self.kv, self.fc)))\nout = []\n"
        "for q, k, v in heads:\n"
        "    out.append(F.scaled_dot_product_attention(q, k, v))\nreturn out",
        "q = self.q_hook_point(q)",
        id="handed out by a loop, from projections that a comprehension calls",
    ),
    pytest.param(
        "return memory + self.fc(memory)",
        "memory = self.resid_pre_hook_point(memory) if memory is not None else None",
        id="an argument that may be left out",
    ),
]
SECOND = [
    pytest.param("return self.out(self.fc(x).relu())", True, id="every use passes"),
    pytest.param("y = self.fc(x)\nreturn self.out(y[..., :4].relu()) * y", False, id="another use"),
    pytest.param("y = self.fc(x)\nreturn self.out(y.relu()), y.shape", True, id="only a fact"),
    pytest.param(
        "out = []\nfor y in self.fc(x).chunk(2, -1):\n    out.append(self.out(y.relu()))\nreturn out",
        True,
        id="a loop hands out all of it",
    ),
    pytest.param(
        "ys = self.fc(x).chunk(2, -1)\nout = [ys[0]]\nfor y in ys:\n"
        "    out.append(self.out(y.relu()))\nreturn out",
        False,
        id="another use than the loop",
    ),
]


@pytest.mark.parametrize(("forward", "line"), LINES)
def test_forms(forward: str, line: str) -> None:
    code = hook_source(module(f"{INIT}--\n{forward}"), ACTIVATIONS).code
    assert line in [one.strip() for one in code.splitlines()]


@pytest.mark.parametrize(("forward", "is_second"), SECOND)
def test_second_names(forward: str, is_second: bool) -> None:
    options = replace(ACTIVATIONS, modules=True)
    code = hook_source(module(f"{INIT}--\n{forward}"), options).code
    assert ("self.pre_hook_point = self.fc_hook_point = HookPoint()" in code) is is_second


SCORES = [
    pytest.param("s = a @ b.mT + self.bias\nreturn s.softmax(-1) @ x", True, id="by a name"),
    pytest.param(
        "s = (a @ b.mT + self.bias)[None]\nreturn s.float().softmax(-1) @ x", True, id="by a view"
    ),
    pytest.param("s = a @ b.mT + self.bias\nreturn s.softmax(-1) @ x, s", False, id="another use"),
    pytest.param(
        "s = a @ b.mT + self.bias\ns = s.masked_fill(mask, 0)\nreturn s.softmax(-1) @ x",
        False,
        id="a mask between",
    ),
]


@pytest.mark.parametrize(("forward", "is_second"), SCORES)
def test_scores_that_a_parameter_is_added_to(forward: str, is_second: bool) -> None:
    init = f"{INIT}self.bias = nn.Parameter(torch.ones(5))\n"
    source = module(f"{init}--\na, b = self.q(x), self.fc(x)\n{forward}")
    code = hook_source(source, replace(ACTIVATIONS, params=True)).code
    line = "self.attn_scores_hook_point = self.bias_hook_point = HookPoint()"
    assert (line in code) is is_second


def test_what_two_loops_hand_out_has_no_site() -> None:
    forward = """
qs = self.q(x).chunk(2, -1)
out = [q.sum(-1) for q in qs]
for q in qs:
    out.append(q.mean(-1))
for q in qs:
    out.append(F.scaled_dot_product_attention(q, x, x))
return out"""
    code = hook_source(module(f"{INIT}--{forward}"), ACTIVATIONS).code
    assert "self.z_hook_point(" in code
    assert "self.q_hook_point(" not in code


def test_what_a_file_computes_has_no_site() -> None:
    source = "import torch\nq, k, v = torch.randn(2, 4, 24).chunk(3, -1)\n"
    trace = interpret(Program({"model.py": ast.parse(source)}, makes_module), ())
    (file,) = trace.functions.values()
    (statement,) = file.file.tree.body[1:]
    assert isinstance(statement, ast.Assign)
    point = Point(statement.value, file, part=(0,))
    assert value_sites_in(Flow(trace), [file]).site("q", point) is None
