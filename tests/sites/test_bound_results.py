"""Results under a name that are one thing or another: a tuple, a dict, an output of transformers."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source, strip_source
from tests.sites.snippets import BARE

HEAD = """\
from dataclasses import dataclass

import torch
from elsewhere import unknown
from torch import nn
from transformers.modeling_outputs import BaseModelOutput
from transformers.utils import ModelOutput


class Named(nn.Module):
    def forward(self, x, named=True):
        if not named:
            return (x.cos(),)
        return BaseModelOutput(last_hidden_state=x.cos(), attentions=(x.sin(),))


class Keyed(nn.Module):
    def forward(self, x, more, named):
        if not named:
            return (x.cos(), x.sin()) if more else (x.cos(),)
        return {"last": x.cos()}


class Listed(nn.Module):
    def forward(self, xs):
        return [x.cos() for x in xs]


@dataclass
class Sizes(ModelOutput):
    states: tuple[torch.Tensor, ...] = None
    sizes: tuple[tuple[int, int]] = None


class Sized(nn.Module):
    def forward(self, x, sizes=()):
        sizes = ((x.shape[0], x.shape[1]), *sizes)
        return Sizes(states=(x.cos(),), sizes=unknown(sizes) if len(sizes) > 4 else sizes)


@dataclass
class Pooled(ModelOutput):
    last: torch.Tensor = None
    pooled: torch.Tensor | None = None


class Pooling(nn.Module):
    def __init__(self, pools):
        super().__init__()
        self.pooler = nn.Tanh() if pools else None

    def forward(self, x):
        pooled = self.pooler(x) if self.pooler is not None else None
        return Pooled(last=x.cos(), pooled=pooled)


class Longer(nn.Module):
    def forward(self, x, longer):
        return ((x, x), x.cos()) if longer else ((x, x),)


class Either(nn.Module):
    def forward(self, x, more):
        return (x.cos(), x.sin()) if more else x.cos()


class Model(nn.Module):
    def __init__(self, listed: bool):
        super().__init__()
        self.pooling = Pooling(listed)
        self.encoder = Named()
        self.decoder = Keyed()
        self.stage = Listed() if listed else nn.Identity()
        self.sized = Sized()
        self.longer = Longer()
        self.either = Either()
        self.given = unknown(listed)

    def forward(self, x, more, named, out=None):
"""

PAIRS = [
    pytest.param(
        """
out = self.decoder(x, more, named)
if not named:
    return out[0]
return out["last"] + 1
""",
        """
out = self.decoder(x, more, named)
if not named:
    return self.decoder_hook_point(out[0])
return self.decoder_hook_point(out["last"]) + 1
""",
        id="a tuple of one length or another, or a dict (maskformer)",
    ),
    pytest.param(
        """
out = self.encoder(x)
if isinstance(out, tuple):
    return out[0] * 2
return out.last_hidden_state * 2
""",
        """
out = self.encoder(x)
if isinstance(out, tuple):
    return self.encoder_hook_point(out[0]) * 2
return self.encoder_hook_point(out.last_hidden_state) * 2
""",
        id="a tuple, where that is asked for, or an output",
    ),
    pytest.param(
        """
out = self.encoder(x, named)
return out.last_hidden_state * 2 if named else out[0] * 2
""",
        """
out = self.encoder(x, named)
if not isinstance(out, tuple):
    out.last_hidden_state = self.encoder_hook_point(out.last_hidden_state)
return out.last_hidden_state * 2 if named else out[0] * 2
""",
        id="an output's field, by its name and by its place",
    ),
    pytest.param(
        """
if out is None:
    out = self.encoder(x)
hidden, mask = out[0], out.attentions
return hidden * 2, out.last_hidden_state * 3, mask
""",
        """
if out is None:
    out = self.encoder(x)
    if not isinstance(out, tuple):
        out.last_hidden_state = self.encoder_hook_point(out.last_hidden_state)
hidden, mask = out[0], out.attentions
return hidden * 2, out.last_hidden_state * 3, mask
""",
        id="an output that is made where it is missing, and other fields of it (udop)",
    ),
    pytest.param(
        """
out = self.encoder(x)
states = out[1]
return states[-1] * 2, out.attentions
""",
        None,
        id="only fields that are tuples are read (deberta_v2)",
    ),
    pytest.param(
        """
out = self.sized(x)
for height, width in out.sizes:
    x = x.view(height, width)
return x, out.states[-1]
""",
        None,
        id="a field that holds sizes, or what is not known (maskformer_swin)",
    ),
    pytest.param(
        """
ys = self.stage(x)
return torch.relu(ys[-1])
""",
        """
ys = self.stage(x)
return torch.relu(self.stage_hook_point(ys[-1]))
""",
        id="a list, or what is not known (hrnet)",
    ),
    pytest.param(
        """
ys = self.stage(x)
if more:
    return torch.relu(ys[-1])
return unknown(ys)
""",
        None,
        id="a list that goes on whole where no item is read (segmentation-models-pytorch)",
    ),
    pytest.param(
        """
ys = self.given(x)
y = unknown(ys)
return (y, torch.relu(ys[-1])) if more else y
""",
        None,
        id="what is not known goes on whole, and an item is read here or there",
    ),
    pytest.param(
        """
out = self.pooling(x)
return Pooled(last=x, pooled=out.pooled)
""",
        None,
        id="a field that may be None and is only sent on (luke)",
    ),
    pytest.param(
        """
out = self.pooling(x)
return torch.relu(out.pooled)
""",
        """
out = self.pooling(x)
return torch.relu(self.pooling_hook_point(out.pooled))
""",
        id="a field that may be None and is computed with",
    ),
    pytest.param(
        """
out = self.encoder(x)
return 2 * (out.last_hidden_state if more else out.hidden_states)
""",
        """
out = self.encoder(x)
return 2 * (self.encoder_hook_point(out.last_hidden_state) if more else out.hidden_states)
""",
        id="a field in one arm, and none in the other",
    ),
    pytest.param(
        """
out = self.either(x, more)
if isinstance(out, torch.Tensor):
    return out * 2
out, rest = out
return out + rest
""",
        """
out = self.either(x, more)
if isinstance(out, torch.Tensor):
    return self.either_hook_point(out) * 2
out, rest = out
out = self.either_hook_point(out)
return out + rest
""",
        id="a tensor, or taken apart",
    ),
    pytest.param(
        """
out = self.given(x)
if more:
    return out.first * 2
return out.maps[-1], out.last
""",
        """
out = self.given(x)
if more:
    return self.given_hook_point(out.first) * 2
return out.maps[-1], out.last
""",
        id="a list of tensors in the other arm (omdet_turbo)",
    ),
    pytest.param(
        """
out = self.pooling(x)
if more:
    return out.pooled * 2
if named:
    return out.last.mean(1)
return out.last * 2
""",
        """
out = self.pooling(x)
if more:
    return self.pooling_hook_point(out.pooled) * 2
if named:
    return self.pooling_hook_point(out.last).mean(1)
return self.pooling_hook_point(out.last) * 2
""",
        id="a field in each arm",
    ),
    pytest.param(
        """
out = self.pooling(x)
if more:
    x = out.last + out.pooled
return x + out.last
""",
        """
out = self.pooling(x)
out.last = self.pooling_hook_point(out.last)
if more:
    x = out.last + out.pooled
return x + out.last
""",
        id="a field in an arm, and another behind it",
    ),
    pytest.param(
        """
out = self.given(x)
return (out[1] if more else out[0]) * 2
""",
        """
out = self.given(x)
return (self.given_hook_point(out[1]) if more else self.given_hook_point(out[0])) * 2
""",
        id="an item in each arm",
    ),
    pytest.param(
        """
out = self.longer(x, more)
return x, out
""",
        None,
        id="a tensor behind what the shorter tuple has (lightglue)",
    ),
]


def forward_of(statements: str) -> str:
    return "".join(f"        {line}\n" for line in statements.strip("\n").splitlines())


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_pairs(before: str, after: str | None) -> None:
    source = HEAD + forward_of(before)
    code = hook_source(source, BARE).code
    assert code.partition("out=None):\n")[2] == forward_of(after or before)
    assert hook_source(code, BARE).code == code
    assert strip_source(code, BARE) == source


def test_what_a_caller_uses_in_parts_is_not_hooked_whole() -> None:
    source = """\
from torch import nn


class Inner(nn.Module):
    def __init__(self, given):
        super().__init__()
        self.given = given

    def forward(self, x):
        outputs = self.given(x)
        return outputs


class Middle(nn.Module):
    def __init__(self, given):
        super().__init__()
        self.inner = Inner(given)

    def forward(self, x):
        return self.inner(x)


class Outer(nn.Module):
    def __init__(self, given):
        super().__init__()
        self.middle = Middle(given)

    def forward(self, x):
        out = self.middle(x)
        return out[0], out.attentions
"""
    assert [one.attribute for one in hook_source(source, BARE).sites] == ["middle"]


@pytest.mark.parametrize("returns", ["Sizes", "tuple[torch.Tensor, torch.Tensor]"])
def test_what_a_function_is_said_to_give_is_not_hooked_whole(returns: str) -> None:
    forward = f"return self.decoded(x)\n\n    def decoded(self, x) -> {returns}:\n"
    source = f"{HEAD}        {forward}        out = self.given(x)\n        return out\n"
    assert "given_hook_point" not in hook_source(source, BARE).code
    assert "given_hook_point" in hook_source(source.replace(f" -> {returns}", ""), BARE).code
