"""Random small model files, for hypothesis: what they hold, how they use it, how they are laid out."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

from hypothesis import strategies as st

HEAD = """\
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint


def add(x, y):
    return x + y


def mix(pair):
    return pair[0] - pair[1]


class Pair(nn.Module):
    def forward(self, x):
        return x.sin(), x.cos()


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(8, 8)

    def forward(self, x):
        return torch.tanh(self.inner(x))


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.q = nn.Linear(8, 8)
        self.kv = nn.Linear(8, 16)
        self.up = nn.Linear(8, 8)
        self.down = nn.Linear(8, 8)

    def forward(self, x, memory=None, mask=None):
        memory = x if memory is None else memory
        k, v = self.kv(memory).chunk(2, dim=-1)
        scores = self.q(x) @ k.mT
        if mask is not None:
            scores = scores + mask.sum()
        x = x + scores.softmax(-1) @ v
        return x + self.down(F.gelu(self.up(x)))
"""

MEMBERS: list[tuple[str, list[str]]] = [
    (
        "self.N = nn.Linear(8, 8)",
        [
            "x = self.N(x)",
            "x = x + self.N(x)  # residual",
            "x = torch.relu(\n    self.N(x)\n)",
            "x = checkpoint(self.N, x, use_reentrant=False)",
            "x = self.N.forward(x)",
            "x = (lambda y: self.N(y))(x)",
            "inner = self.N\nx = inner(x)",
            "if self.training:\n    x = self.N(x)\nelse:\n    x = -x",
            "if self.training: x = self.N(x)",
            "x = self.N(x); x = self.N(x)",
            "def body(y):\n    return self.N(y)\n\nx = body(x)",
            "x = self.N(x) if x.sum() > 0 else x",
            "x = (y := self.N(x)) + y",
            "x = self.N(\n    x  # the input\n)",
            "x = x + \\\n    self.N(x)",
            "try:\n    x = self.N(x)\nfinally:\n    x = x + 1",
            "with torch.no_grad():\n    y = self.N(x)\nx = x + y",
            "while x.sum() > 1e9:\n    x = self.N(x)",
            "x, y = self.N(x), self.N(-x)\nx = x + y",
            "x = torch.stack([self.N(x), x]).sum(0)",
            'x = getattr(self, "NAME")(x)',
            'x = self.N(x)  # "quoted" #',
            "assert self.N(x).shape == x.shape",
            "x = self.N(self.N(self.N(x)))",
            "y = F.gelu(self.N(x))\nx = x + y",
            "x += self.N(F.relu(x))",
            "x = torch.add(x, self.N(x.sigmoid()))",
            "y = x\nx = self.N(x)\nx = F.normalize(x + y, dim=-1)",
            "x = (self.N(x) @ x.T / 8**0.5).softmax(-1) @ x",
            "s = self.N(x) @ self.N(x).mT\ns = s.masked_fill(s > 9, -1e9)\n"
            "p = F.softmax(s, dim=-1)\nx = x + p @ x",
            "q, k = self.N(x)[None], x[None]\n"
            "x = x + F.scaled_dot_product_attention(q, k, k).squeeze(0)",
            "y = self.N(x).view(2, 2, 4).transpose(0, 1)\nx = y.transpose(0, 1).reshape(2, 8)",
            "x = x * torch.sigmoid(self.N(x))",
            "keep = x > 0\nx = self.N(x) * keep",
        ],
    ),
    (
        "self.N = Layer()",
        [
            "x = self.N(x)",
            "x = self.N(x, x * 2)",
            "x = self.N(x, mask=x > 0)",
            "y = self.N(x, memory=x)\nx = x + y",
        ],
    ),
    (
        "self.N = nn.LSTMCell(8, 8)",
        ["h, c = self.N(x, (x, x * 2))\nx = h + c", "x, _ = self.N(x)"],
    ),
    (
        'for i in range(2):\n    setattr(self, f"NAME_{i}", nn.Linear(8, 8))',
        ['for i in range(2):\n    x = getattr(self, f"NAME_{i}")(x)', "x = self.N_1(self.N_0(x))"],
    ),
    ('self.add_module("NAME", nn.Linear(8, 8))', ["x = self.N(x)"]),
    ('self.register_parameter("NAME", nn.Parameter(torch.ones(8)))', ["x = x * self.N"]),
    (
        "self.N, self.N_too = nn.Linear(8, 8), nn.Parameter(torch.ones(8))",
        ["x = self.N(x) * self.N_too"],
    ),
    (
        "layer = nn.Linear(8, 8)\nself.N = layer",
        ["x = self.N(x)"],
    ),
    (
        "self.N = nn.Linear(8, 8) if wide else None",
        [
            "x = self.N(x) if self.N is not None else x",
            "if self.N is not None:\n    x = self.N(x)",
        ],
    ),
    (
        "if wide:\n    self.N = nn.Tanh()\nelse:\n    self.N = nn.Identity()",
        ["x = self.N(x)"],
    ),
    ("if wide:\n    self.N = nn.Tanh()", ["if self.wide:\n    x = self.N(x)"]),
    ("self.N = Part()", ["x = self.N(x)", "x = self.N.inner(x)"]),
    ("self.N = nn.Dropout(0.5)", ["x = self.N(x)"]),
    ("self.N = lambda x: 2 * x", ["x = self.N(x)"]),
    ("self.N = F.gelu", ["x = self.N(x)"]),
    ("self.N = 3", ["x = x * self.N"]),
    ("self.N = nn.Sequential(nn.Linear(8, 8), nn.GELU())", ["x = self.N(x)"]),
    (
        "self.N = nn.Sequential(nn.Linear(8, 8), nn.GELU())",
        ["for layer in self.N:\n    x = layer(x)"],
    ),
    (
        "self.N = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])",
        [
            "for layer in self.N:\n    x = layer(x)",
            "for i, layer in enumerate(self.N):\n    x = layer(x)",
            "for i, layer in enumerate(self.N, 1):\n    x = layer(x) * i",
            "for i in range(len(self.N)):\n    x = self.N[i](x)",
            "for layer in self.N[1:]:\n    x = layer(x)",
            "for layer in reversed(self.N):\n    x = layer(x)",
            "for layer, scale in zip(self.N, (1, 2)):\n    x = layer(x) * scale",
            "x = sum(layer(x) for layer in self.N)",
            "x = sum([layer(x) for layer in self.N], x)",
            "x = self.N[-1](x)",
            "first = self.N[0]\nx = first(x)",
            "for layer in self.N:\n    for other in self.N:\n        x = layer(other(x))",
            "x = x * len(self.N)",
        ],
    ),
    (
        "self.N = nn.ModuleList()\nfor _ in range(2):\n    self.N.append(nn.Linear(8, 8))",
        ["for layer in self.N:\n    x = layer(x)"],
    ),
    (
        "self.N = nn.ModuleList([nn.ModuleList([nn.Tanh(), Part()]) for _ in range(2)])",
        [
            "for act, part in self.N:\n    x = part(act(x))",
            "for stage in self.N:\n    for layer in stage:\n        x = layer(x)",
            "x = sum(layer(x) for stage in self.N for layer in stage)",
        ],
    ),
    (
        'self.N = nn.ModuleDict({"a": nn.Linear(8, 8), "b": nn.Tanh()})',
        [
            "for name, layer in self.N.items():\n    x = layer(x)",
            "for layer in self.N.values():\n    x = layer(x)",
            "for name in self.N:\n    x = self.N[name](x)",
            'x = self.N["a"](x)',
            "x = sum({name: layer(x) for name, layer in self.N.items()}.values())",
        ],
    ),
    ("self.N = nn.ModuleDict(dict(a=nn.Linear(8, 8), b=nn.Tanh()))", ["x = self.N.b(self.N.a(x))"]),
    (
        "self.N = nn.Parameter(torch.ones(8))",
        [
            "x = x * self.N",
            "x = x + self.N[None]",
            "x = x * 1; x += self.N",
            "x = torch.add(x, self.N)",
            "x = x * torch.exp(self.N.float())",
            "x = add(x, self.N)",
            "held = self.N\nx = x + held",
            "x = x.to(self.N.dtype)",
            "x = x - -self.N",
            "x = self.N * x + self.N",
        ],
    ),
    (
        "self.N = nn.Parameter(torch.eye(8))",
        ["x = x @ self.N", "x = F.linear(x, self.N)", "x = x @ self.N.T", "x = x.matmul(self.N)"],
    ),
    (
        "self.N = nn.Parameter(torch.ones(8)) if wide else None",
        [
            "if self.N is not None:\n    x = x + self.N",
            "x = x if self.N is None else x * self.N",
        ],
    ),
    (
        "self.N = nn.ParameterList([nn.Parameter(torch.ones(8)) for _ in range(2)])",
        ["for scale in self.N:\n    x = x * scale", "x = x * self.N[0]"],
    ),
    (
        "self.N = nn.LSTM(8, 8)",
        [
            "x, _ = self.N(x)",
            "x, (h, c) = self.N(x)\nx = x + h",
            "x = self.N(x)[0]",
            "out = self.N(x)\nx = out[0]",
            "out = self.N(x)\nx = out[0] * out[0]",
        ],
    ),
    ("self.N = nn.MultiheadAttention(8, 2)", ["x, _ = self.N(x, x, x)", "x = self.N(x, x, x)[0]"]),
    (
        "self.N = Pair()",
        [
            "a, b = self.N(x)\nx = a + b",
            "_, b = self.N(x)\nx = x + b",
            "out = self.N(x)\nx = mix(out)",
            "x = mix(self.N(x))",
            "out = None\nif out is None:\n    out = self.N(x)\nx = out[1]",
        ],
    ),
]

NAMES = ["fc", "norm", "mlp", "mlp_a", "blocks", "head", "W", "b", "act", "up", "layers", "fc1"]


@dataclass(frozen=True)
class RandomModel:
    """A file with one or two model classes; `names` are theirs."""

    source: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Frame:
    """What stands around the members of a class."""

    base: str
    """Name of the class of the same file that it inherits, or ``nn.Module``."""
    part: str | None
    """Name of the class of the same file that it makes and calls as ``self.part``."""
    helper: bool
    """Whether half of the uses stand in a method that forward calls."""
    comments: bool


def _named(statements: str, attribute: str) -> str:
    return statements.replace("self.N", f"self.{attribute}").replace("NAME", attribute)


def _class(name: str, members: list[tuple[str, str, str]], frame: _Frame) -> str:
    made = [_named(made, attribute) for made, _, attribute in members]
    used = [_named(use, attribute) for _, use, attribute in members]
    if frame.part is not None:
        made.append(f"self.part = {frame.part}(wide)")
        used.insert(0, "x = self.part(x)")
    if frame.base != "nn.Module":
        used.append("x = super().forward(x)")
    helped = used[: len(used) // 2] if frame.helper else []
    if helped:
        used = ["x = self.helper(x)", *used[len(helped) :]]
    if frame.comments:
        made = [f"# how {name} begins", *made, "# and ends"]
        used = ["", *used]
    parent = "wide" if frame.base != "nn.Module" else ""
    body = " " * 8
    code = (
        f"\n\nclass {name}({frame.base}):{'  # by hand' if frame.comments else ''}\n"
        f"    def __init__(self, wide=True):\n        super().__init__({parent})\n"
        "        self.wide = wide\n" + indent("\n".join(made) + "\n", body)
    )
    if helped:
        code += "\n    def helper(self, x):\n" + indent("\n".join(helped) + "\n", body)
        code += "        return x\n"
    code += "\n    def forward(self, x):\n" + indent("\n".join(used) + "\n", body)
    return code + "        return x\n"


@st.composite
def _members(draw: st.DrawFn, names: list[str]) -> list[tuple[str, str, str]]:
    attributes = draw(st.lists(st.sampled_from(names), min_size=1, max_size=5, unique=True))
    members = []
    for attribute in attributes:
        made, uses = draw(st.sampled_from(MEMBERS))
        members.append((made, draw(st.sampled_from(uses)), attribute))
    return members


@st.composite
def random_models(draw: st.DrawFn) -> RandomModel:
    """Files with four-space indentation and plain line ends; see `laid_out` for others.

    The second class stands for itself, inherits the first, or holds it.
    """
    first = _class(
        "First",
        draw(_members(NAMES[:6])),
        _Frame("nn.Module", None, draw(st.booleans()), draw(st.booleans())),
    )
    relation = draw(st.sampled_from(["none", "alone", "inherits", "holds"]))
    if relation == "none":
        return RandomModel(HEAD + first, ("First",))
    second = _class(
        "Second",
        draw(_members(NAMES[6:] if relation == "inherits" else NAMES)),
        _Frame(
            "First" if relation == "inherits" else "nn.Module",
            "First" if relation == "holds" else None,
            relation != "inherits" and draw(st.booleans()),
            draw(st.booleans()),
        ),
    )
    names = draw(st.sampled_from(["", '\n\n__all__ = ["First", "Second"]\n']))
    return RandomModel(HEAD + names + first + second, ("First", "Second"))


@st.composite
def laid_out(draw: st.DrawFn) -> str:
    """The same files with tabs, two spaces, carriage returns, or no line end at the end."""
    source = draw(random_models()).source
    unit = draw(st.sampled_from(["    ", "  ", "\t"]))
    lines = source.split("\n")
    depths = [len(line) - len(line.lstrip(" ")) for line in lines]
    source = "\n".join(
        unit * (depth // 4) + line.lstrip(" ") for depth, line in zip(depths, lines, strict=True)
    )
    source += draw(
        st.sampled_from(["", "", f"{unit * 2}# the end\n", f"{unit}# the end", "\n\n", "#"])
    )
    if draw(st.booleans()):
        source = source.rstrip("\n")
    return source.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
