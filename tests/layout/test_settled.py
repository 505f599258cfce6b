"""Statements that need no black, and those that do."""

from __future__ import annotations

import black
import pytest

from autohook_codegen.layout.settled import is_settled

SETTLED = [
    "self.fc1_hook_point = HookPoint()",
    "        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])",
    "x = self.fc1_hook_point(self.fc1(x))",
    "x = self.fc1_hook_point(self.fc1(x))  # [batch, d]",
    "attended, _ = self.attn(x, mask=None, causal=True)",
    "return self.fc(x)[0], x[:, -1], x[..., 2:4]",
    "return x + self.b if self.b is not None else -x",
    "x += self.fc1(x)['logits'] @ y.T",
    "for hook_index, layer in enumerate(self.layers):",
    "if self.gate(x) is not None and not self.training:  # rarely",
    "class Model(HookedRootModule, nn.Module):",
    "while len(x) <= 1e-6:",
    "self.heads = {name: self.head(x) for name in self.names}",
    "out = f(*args, **kwargs)",
]

LEFT_TO_BLACK = [
    "x=self.fc1(x)",
    "x = self.fc1( x )",
    "x = self.fc1(x = x)",
    "x = self.fc1(x,)",
    "x = self.fc1(x, )",
    "x = (self.fc1(x))",
    "x = self.fc1(x);",
    "x = self.fc1(x) ",
    "x = self.fc1(x) # note",
    "x = self.fc1(x)  #note",
    "x = self.fc1(x)  # fmt: skip",
    "x = self.fc1(x)**2",
    "x = self.fc1(x)[a.b : c]",
    "x = self.fc1(x)[1 : 2]",
    "return(self.fc1(x))",
    "return not(x)",
    "x = 0XFF * self.fc1(x)",
    "x = .5 * self.fc1(x)",
    "x = 1E5 * self.fc1(x)",
    "y, x=self.fc1(x)",
    "x: Tensor = self.fc1(x)",
    "if a: x = self.fc1(x)",
    "class Model():",
    "class Model(nn.Module) :",
    "x = self.fc1(x)\t",
    "x = {a:self.fc1(a)}",
    "x = self.fc1(\n    x\n)",
    "x = self.fc1(x) \\\n    + x",
    "é = self.fc1(x)",
    "*a = self.fc1(x)",
    'x = """a""" + self.fc1(x)',
]


@pytest.mark.parametrize("statement", SETTLED)
def test_black_keeps_what_is_settled(statement: str) -> None:
    assert is_settled(statement + "\n", len(statement))
    is_header = statement.split()[0] in ("for", "if", "class", "while")
    text = statement.lstrip() + ("\n    pass\n" if is_header else "\n")
    mode = black.Mode(line_length=len(statement), string_normalization=False)
    assert black.format_str(text, mode=mode) == text


@pytest.mark.parametrize("statement", LEFT_TO_BLACK)
def test_everything_else_is_left_to_black(statement: str) -> None:
    assert not is_settled(statement + "\n", 88)


def test_a_long_line_is_not_settled() -> None:
    statement = "    self.fc1_hook_point = HookPoint()"
    assert is_settled(statement + "\n", len(statement))
    assert not is_settled(statement + "\n", len(statement) - 1)
