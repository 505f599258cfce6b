"""What is kept in an attribute that an imported function has made, and is called as a module."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_source

SOURCE = """\
import torch
from elsewhere import make, parts
from torch import nn


def trunk(d):
    return make(d).trunk.to("cuda", non_blocking=True)


class Net(nn.Module):
    def __init__(self, d, on_gpu):
        super().__init__()
        made = make(d)
        wrap, *others = parts(d)
        if on_gpu:
            made = made.cuda()
        {made}

    def build(self, d):
        return make(d).half()

    def forward(self, x):
        return {called}
"""

CALLED = [
    ('self.a = make(d).to("cpu")', "self.a(x)", "self.a_hook_point(self.a(x))"),
    ("self.a = make(d).trunk.float()", "self.a(x)", "self.a_hook_point(self.a(x))"),
    ("self.a = parts[d](None).half().cpu()", "self.a(x)", "self.a_hook_point(self.a(x))"),
    ("self.a = make(d).type(torch.half).eval()", "self.a(x)", "self.a_hook_point(self.a(x))"),
    ("self.a = made", "self.a(x)", "self.a_hook_point(self.a(x))"),
    ("self.a = trunk(d)", "self.a(x)", "self.a_hook_point(self.a(x))"),
    ("self.a = self.build(d)", "self.a(x)", "self.a_hook_point(self.a(x))"),
    ("self.a = make(d)", "self.a.to(x.device)(x)", "self.a_hook_point(self.a.to(x.device)(x))"),
    (
        "self.a = nn.ModuleList([make(d).double()])",
        "self.a[0](x)",
        "self.a_hook_points[0](self.a[0](x))",
    ),
    (
        "self.a = nn.ModuleList([make(d) for _ in range(2)])",
        "self.a[1](x)",
        "self.a_hook_points[1](self.a[1](x))",
    ),
    (
        "self.a = nn.Sequential(make(d), nn.ReLU()).to(d)",
        "self.a[0](x)",
        "self.a_hook_points[0](self.a[0](x))",
    ),
    (
        'self.a = nn.ModuleDict({"b": make(d)}).cuda()',
        'self.a["b"](x)',
        'self.a_hook_points["b"](self.a["b"](x))',
    ),
    (
        "self.a = nn.ModuleList([wrap(branch=nn.Linear(d, d)), others[0](d)])",
        "self.a[0](self.a[1](x))",
        "self.a_hook_points[0](self.a[0](self.a_hook_points[1](self.a[1](x))))",
    ),
    (
        "self.a = nn.ModuleList(); self.a.append(nn.ModuleList([wrap(d), wrap(d)]))",
        "[up(down(x)) for down, up in self.a]",
        "[self.a_hook_points[hook_index][1](up(self.a_hook_points[hook_index][0](down(x))))"
        " for hook_index, (down, up) in enumerate(self.a)]",
    ),
]


@pytest.mark.parametrize("name", ["a", "_a"])
@pytest.mark.parametrize(("made", "called", "hooked"), CALLED)
def test_called(made: str, called: str, hooked: str, name: str) -> None:
    made, called, hooked = (
        text.replace("self.a", f"self.{name}") for text in (made, called, hooked)
    )
    code = hook_source(SOURCE.format(made=made, called=called), Options(format=False)).code
    assert f"return {hooked}\n" in code
    assert f"auto_hook(self)  # adds the hook points inside Net.{name}\n" in code


NOT_CALLED = [
    ('self.a = make(d).to("cpu")', "x * self.a"),
    ('self.register_buffer("a", make(d).to("cpu"))', "x + self.a"),
    ("self._get_mask = make(d)", "self._get_mask(x)"),
    ("self.a = 2", "self._of_a_base(x)"),
]


@pytest.mark.parametrize(("made", "read"), NOT_CALLED)
def test_not_called(made: str, read: str) -> None:
    assert "HookPoint" not in hook_source(SOURCE.format(made=made, called=read)).code
