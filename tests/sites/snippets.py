"""The notation of the tables: a few statements stand for a whole module.

Two ways to write one:

- the statements of a `forward`, put into `MODEL`, whose attributes are named after what they are
  (`self.fc` is a Linear, `self.W` a parameter, `self.gelu` a function, ...);
- the statements of an `__init__` and of a `forward`, with a line `--` between them.
"""

from __future__ import annotations

from textwrap import dedent, indent

from autohook_codegen import Options, hook_source

BARE = Options(root=(), format=False)
"""Sites and hook points alone: no bases, no layout."""

HEAD = """\
import einops
import torch
import torch.nn.functional as F
from fancy_einsum import einsum
from torch import nn
from torch.utils.checkpoint import checkpoint
"""

PARTS = '''

def plain(x, *rest):
    return x


class Pair(nn.Module):
    """Returns two tensors."""

    def forward(self, x):
        return x.sin(), x.cos()


class Annotated(nn.Module):
    """Says so in its return annotation alone."""

    def forward(self, x) -> tuple[torch.Tensor, torch.Tensor]:
        return plain(x)


class Wrapper(nn.Module):
    """Returns what another module returns."""

    def __init__(self):
        super().__init__()
        self.pair = Pair()

    def forward(self, x):
        return self.pair(x)


class Sometimes(nn.Module):
    """May return nothing."""

    def forward(self, x):
        if self.training:
            return None
        return x


class Silent(nn.Module):
    """Returns nothing at all."""

    def forward(self, x):
        print(x)


class Counter(nn.Module):
    """Returns a number."""

    def forward(self, x) -> int:
        return len(x)


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(8, 8)


class Model(nn.Module):
    def __init__(self, config, tokenizer):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.norm = nn.LayerNorm(8)
        self.unbiased = nn.Linear(8, 8, bias=False)
        self.maybe = nn.Linear(8, 8) if config.maybe else None
        self.mlp = nn.ModuleDict(dict(up=nn.Linear(8, 8), down=nn.Linear(8, 8)))
        self.layers = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
        self.norms = nn.ModuleList([nn.LayerNorm(8) for _ in range(3)])
        self.stages = nn.ModuleList([nn.ModuleList([nn.Tanh()]) for _ in range(3)])
        self.heads = nn.ModuleDict({"a": nn.Linear(8, 8)})
        self.lstm = nn.LSTM(8, 8)
        self.attn = nn.MultiheadAttention(8, 2)
        self.pair = Pair()
        self.annotated = Annotated()
        self.part = Part()
        self.wrapper = Wrapper()
        self.sometimes = Sometimes()
        self.silent = Silent()
        self.counter = Counter()
        self.W = nn.Parameter(torch.zeros(8, 8))
        self.b = nn.Parameter(torch.zeros(8))
        self.g = nn.Parameter(torch.zeros(8))
        self.bias = nn.Parameter(torch.zeros(8)) if config.bias else None
        self.weights = nn.ParameterList([nn.Parameter(torch.zeros(8, 8))])
        self.shifts = nn.ParameterDict({"in": nn.Parameter(torch.zeros(8))})
        self.gelu = F.gelu
        self.double = lambda x: 2 * x
        self.outside = config.make()
        self.width = 8
        self.tokenizer = tokenizer
        self.config = config
        self.register_buffer("mask", torch.ones(8))

    def method(self, x):
        return x

    def forward(self, x, i=0, key="a", hs=()):
'''


def model(forward: str) -> str:
    """A module whose `Model.forward` holds these statements."""
    return HEAD + PARTS + indent(dedent(forward).strip("\n") + "\n", " " * 8)


def hooked_forward(forward: str, options: Options = BARE) -> str:
    """The statements of `forward` after a rewrite."""
    code = hook_source(model(forward), options).code
    _, _, body = code.partition('def forward(self, x, i=0, key="a", hs=()):\n')
    return dedent(body).strip("\n")


def module(statements: str) -> str:
    """A module with one class: what stands over `--` is its `__init__`, what stands under it its `forward`."""
    init, _, forward = dedent(statements).strip("\n").partition("\n--\n")
    return (
        "import torch\nfrom torch import nn\n"
        + "\n\nclass Model(nn.Module):\n"
        + "    def __init__(self, width, config):\n        super().__init__()\n"
        + indent(init + "\n", " " * 8)
        + "\n    def forward(self, x):\n"
        + indent(forward + "\n", " " * 8)
    )


def with_import(code: str) -> str:
    """`code` with the import that a hook point needs."""
    last = "from torch import nn\n"
    return code.replace(last, last + "from transformer_lens.hook_points import HookPoint\n", 1)
