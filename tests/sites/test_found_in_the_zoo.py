"""What other people's models taught: each a class as they have it, and what it becomes."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source, strip_source
from tests.sites.snippets import BARE

FIRST_IMPORTS = """\
import torch
import torch.nn.functional as F
from torch import nn
"""
LAST_IMPORT = "from transformers import AutoModel\n"
IMPORTS = FIRST_IMPORTS + LAST_IMPORT
OPTIONS = BARE
HOOK_POINT = "from transformer_lens.hook_points import HookPoint\n"

PAIRS = [
    pytest.param(
        """
class Shared(nn.Module):
    def __init__(self, share):
        super().__init__()
        self.share = share
        if share:
            self.t = nn.Linear(2, 2)
        else:
            self.t = nn.ModuleList([nn.Linear(2, 2) for _ in range(2)])

    def forward(self, x):
        if self.share:
            return self.t(x)
        return self.t[0](x)
""",
        """
class Shared(nn.Module):
    def __init__(self, share):
        super().__init__()
        self.share = share
        if share:
            self.t = nn.Linear(2, 2)
        else:
            self.t = nn.ModuleList([nn.Linear(2, 2) for _ in range(2)])
            self.t_hook_points = nn.ModuleList([HookPoint() for _ in self.t])
        self.t_hook_point = HookPoint()

    def forward(self, x):
        if self.share:
            return self.t_hook_point(self.t(x))
        return self.t_hook_points[0](self.t[0](x))
""",
        id="a module in one branch, a list in the other (bridgetower)",
    ),
    pytest.param(
        """
class Layers(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.norm = norm

    def forward(self, x, cached=False):
        x = self.norm(x)
        if cached:
            return x, [x]
        return x


class Net(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.layers = Layers(norm)

    def forward(self, x):
        x, cache = self.layers(x, cached=True)
        return x + len(cache)
""",
        """
class Layers(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.norm = norm
        self.norm_hook_point = HookPoint()

    def forward(self, x, cached=False):
        x = self.norm_hook_point(self.norm(x))
        if cached:
            return x, [x]
        return x


class Net(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.layers = Layers(norm)
        self.layers_hook_point = HookPoint()

    def forward(self, x):
        x, cache = self.layers(x, cached=True)
        x = self.layers_hook_point(x)
        return x + len(cache)
""",
        id="a tuple beside a tensor that a caller takes apart (x_transformers)",
    ),
    pytest.param(
        """
class Net(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x, cached=False):
        x, cache = self.layers(x)
        if cached:
            return x, cache
        return x


class Outer(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.net = Net(layers)

    def forward(self, x):
        x, cache = self.net(x, cached=True)
        return x * len(cache)
""",
        """
class Net(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers
        self.layers_hook_point = HookPoint()

    def forward(self, x, cached=False):
        x, cache = self.layers(x)
        x = self.layers_hook_point(x)
        if cached:
            return x, cache
        return x


class Outer(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.net = Net(layers)
        self.net_hook_point = HookPoint()

    def forward(self, x):
        x, cache = self.net(x, cached=True)
        x = self.net_hook_point(x)
        return x * len(cache)
""",
        id="an item that is given back beside a tuple (x_transformers)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])

    def forward(self, x):
        layers = iter(self.layers)
        for layer in layers:
            x = layer(x)
        return x
""",
        """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])

    def forward(self, x):
        layers = iter(self.layers)
        for hook_index, layer in enumerate(layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
""",
        id="an iterator for one loop",
    ),
    pytest.param(
        """
class Rope(nn.Module):
    def forward(self, x, kind):
        return x.cos(), x.sin()


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rope = Rope()

    def forward(self, x, kinds):
        embeddings = {}
        for kind in kinds:
            embeddings[kind] = self.rope(x, kind)
        return embeddings
""",
        """
class Rope(nn.Module):
    def forward(self, x, kind):
        return x.cos(), x.sin()


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.rope = Rope()
        self.rope_hook_point = HookPoint()

    def forward(self, x, kinds):
        embeddings = {}
        for kind in kinds:
            embeddings[kind] = self.rope(x, kind)
            embeddings[kind] = (self.rope_hook_point(embeddings[kind][0]), *embeddings[kind][1:])
        return embeddings
""",
        id="a tuple that goes into an item (gemma3)",
    ),
    pytest.param(
        """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.Linear(2, 2)

    def forward(self, hidden_states: tuple[torch.Tensor] | None) -> torch.Tensor:
        residual = hidden_states
        hidden_states = residual + self.mlp(hidden_states)
        return hidden_states


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        x = self.block(x)
        return F.relu(x)
""",
        """
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.mlp = nn.Linear(2, 2)
        self.mlp_hook_point = HookPoint()

    def forward(self, hidden_states: tuple[torch.Tensor] | None) -> torch.Tensor:
        residual = hidden_states
        hidden_states = residual + self.mlp_hook_point(self.mlp(hidden_states))
        return hidden_states


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.block_hook_point = HookPoint()

    def forward(self, x):
        x = self.block_hook_point(self.block(x))
        return F.relu(x)
""",
        id="an argument that is annotated as a tuple and is none (gpt2)",
    ),
    pytest.param(
        """
def exists(value):
    return value is not None


class Attention(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(2)) if bias else None

    def forward(self, x):
        if exists(self.bias):
            x = x + self.bias
        return x
""",
        """
def exists(value):
    return value is not None


class Attention(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(2)) if bias else None
        self.bias_hook_point = HookPoint()

    def forward(self, x):
        if exists(self.bias):
            x = self.bias_hook_point(x + self.bias)
        return x
""",
        id="a function that only asks for None (vit-pytorch)",
    ),
    pytest.param(
        """
class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        return {'a"b': self.fc(x), "c": x}


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = Heads()

    def forward(self, x):
        return self.read(self.heads(x))

    def read(self, out):
        return out

    def twice(self, x):
        out = self.heads(x)
        return out['a"b'] + out['a"b'].mean()
""",
        """
class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return {'a"b': self.fc_hook_point(self.fc(x)), "c": x}


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.heads = Heads()
        self.heads_hook_point = HookPoint()

    def forward(self, x):
        return self.read(self.heads(x))

    def read(self, out):
        return out

    def twice(self, x):
        out = self.heads(x)
        out['a"b'] = self.heads_hook_point(out['a"b'])
        return out['a"b'] + out['a"b'].mean()
""",
        id="a key with a quote in it",
    ),
    pytest.param(
        """
class Block(nn.Module):
    def forward(self, x, make=None):
        y = make(x) if make else (x, x)
        return x + y


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        x = self.block(x)
        return x.sum()
""",
        """
class Block(nn.Module):
    def forward(self, x, make=None):
        y = make(x) if make else (x, x)
        return x + y


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.block_hook_point = HookPoint()

    def forward(self, x):
        x = self.block_hook_point(self.block(x))
        return x.sum()
""",
        id="a sum of what may be a tuple is not surely one (nemotron_h)",
    ),
    pytest.param(
        """
class Keep(nn.Module):
    def forward(self, x: torch.Tensor):
        kept = x
        x = (x, x)
        return kept


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.keep = Keep()

    def forward(self, x):
        x = self.keep(x)
        return x
""",
        """
class Keep(nn.Module):
    def forward(self, x: torch.Tensor):
        kept = x
        x = (x, x)
        return kept


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.keep = Keep()
        self.keep_hook_point = HookPoint()

    def forward(self, x):
        x = self.keep_hook_point(self.keep(x))
        return x
""",
        id="an argument that is read before it is bound anew (nemotron_h)",
    ),
    pytest.param(
        """
class Layer(nn.Module):
    def forward(self, x):
        outputs = (x * 2,)
        return outputs, len(x), 4


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Layer()
        self.layers = nn.ModuleList([Layer(), Layer()])

    def forward(self, x):
        out, height, width = self.first(x)
        x = out[0].reshape(height, width)
        for i, layer in enumerate(self.layers):
            result = layer(x)
            out, height, width = result
            x = out[0].reshape(height, width)
        return x
""",
        """
class Layer(nn.Module):
    def forward(self, x):
        outputs = (x * 2,)
        return outputs, len(x), 4


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Layer()
        self.first_hook_point = HookPoint()
        self.layers = nn.ModuleList([Layer(), Layer()])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])

    def forward(self, x):
        out, height, width = self.first(x)
        out = (self.first_hook_point(out[0]), *out[1:])
        x = out[0].reshape(height, width)
        for i, layer in enumerate(self.layers):
            result = layer(x)
            out, height, width = result
            out = (self.layers_hook_points[i](out[0]), *out[1:])
            x = out[0].reshape(height, width)
        return x
""",
        id="a tuple that begins with a tuple (pvt_v2, ibert)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.backbone = AutoModel.from_config(config)

    def forward(self, x):
        out = self.backbone(x)
        x = out.maps[-1]
        return x, out.attentions
""",
        """
class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.backbone = AutoModel.from_config(config)
        self.backbone_hook_point = HookPoint()

    def forward(self, x):
        out = self.backbone(x)
        x = self.backbone_hook_point(out.maps[-1])
        return x, out.attentions
""",
        id="an item of a field (pp_ocrv5)",
    ),
    pytest.param(
        """
class Part(nn.Module):
    def forward(self, x: torch.Tensor | None):
        x = F.relu(x)
        size = x.shape
        if self.training:
            x = F.gelu(x)
        return x, size


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()

    def forward(self, x):
        x, size = self.part(x)
        return x
""",
        """
class Part(nn.Module):
    def forward(self, x: torch.Tensor | None):
        x = F.relu(x)
        size = x.shape
        if self.training:
            x = F.gelu(x)
        return x, size


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()
        self.part_hook_point = HookPoint()

    def forward(self, x):
        x, size = self.part(x)
        x = self.part_hook_point(x)
        return x
""",
        id="what is bound again in the same block does not come to the end (swin2sr)",
    ),
    pytest.param(
        """
class Part(nn.Module):
    def forward(self, x):
        if self.training:
            y = F.relu(x)
        else:
            y = [F.relu(one) for one in x]
            y = torch.stack(y)
        return y


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()

    def forward(self, x):
        y = self.part(x)
        return y
""",
        """
class Part(nn.Module):
    def forward(self, x):
        if self.training:
            y = F.relu(x)
        else:
            y = [F.relu(one) for one in x]
            y = torch.stack(y)
        return y


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()
        self.part_hook_point = HookPoint()

    def forward(self, x):
        y = self.part_hook_point(self.part(x))
        return y
""",
        id="a list that is stacked in the same branch (patchtst)",
    ),
    pytest.param(
        """
class Never(nn.Module):
    def forward(self, x):
        raise NotImplementedError


class Part(nn.Module):
    def forward(self, x, never: Never):
        if self.training:
            return never.forward(x)
        return F.relu(x)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()

    def forward(self, x):
        y = self.part(x)
        return y
""",
        """
class Never(nn.Module):
    def forward(self, x):
        raise NotImplementedError


class Part(nn.Module):
    def forward(self, x, never: Never):
        if self.training:
            return never.forward(x)
        return F.relu(x)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()
        self.part_hook_point = HookPoint()

    def forward(self, x):
        y = self.part_hook_point(self.part(x))
        return y
""",
        id="a forward that only raises gives nothing back (modular llama)",
    ),
    pytest.param(
        """
class Pool(nn.Module):
    @abstractmethod
    def forward(self, x):
        '''What goes on of many.'''


class Scaled(Pool):
    def plain(self, x):
        return torch.relu(x)

    forward = plain


class Both(Scaled):
    def __init__(self):
        super(Scaled, self).__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x), x


class Model(nn.Module):
    def __init__(self, pool: Pool):
        super().__init__()
        self.pool = pool
        self.both = Both()

    def forward(self, x):
        y = self.pool(x) if x.ndim > 2 else x
        y, _ = self.both(y)
        return y
""",
        """
class Pool(nn.Module):
    @abstractmethod
    def forward(self, x):
        '''What goes on of many.'''


class Scaled(Pool):
    def plain(self, x):
        return torch.relu(x)

    forward = plain


class Both(Scaled):
    def __init__(self):
        super(Scaled, self).__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x)), x


class Model(nn.Module):
    def __init__(self, pool: Pool):
        super().__init__()
        self.pool = pool
        self.both = Both()
        self.both_hook_point = HookPoint()

    def forward(self, x):
        y = self.pool(x) if x.ndim > 2 else x
        y, _ = self.both(y)
        y = self.both_hook_point(y)
        return y
""",
        id="a forward that a subclass defines, where its base only names one (compressai)",
    ),
    pytest.param(
        """
class Branches(nn.Module):
    def forward(self, xs):
        return [x.sin() for x in xs]


class Stages(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.stage1, width = self._make(n, 2)
        self.stage2, width = self._make(n, width)

    def _make(self, n, width):
        blocks = []
        for _ in range(n):
            blocks.append(Branches())
        return nn.Sequential(*blocks), width

    def forward(self, xs):
        ys = self.stage1(xs)
        ys = [ys[-1].cos() for _ in xs]
        ys = self.stage2(ys)
        return ys
""",
        """
class Branches(nn.Module):
    def forward(self, xs):
        return [x.sin() for x in xs]


class Stages(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.stage1, width = self._make(n, 2)
        self.stage1_hook_point = HookPoint()
        self.stage2, width = self._make(n, width)

    def _make(self, n, width):
        blocks = []
        for _ in range(n):
            blocks.append(Branches())
        return nn.Sequential(*blocks), width

    def forward(self, xs):
        ys = self.stage1(xs)
        ys = [self.stage1_hook_point(ys[-1]).cos() for _ in xs]
        ys = self.stage2(ys)
        return ys
""",
        id="what a method makes of a list that it fills, taken apart where it is set (hrnet)",
    ),
    pytest.param(
        """
class Stages(nn.Module):
    def __init__(self, n):
        super().__init__()
        stages = []
        for _ in range(n):
            stages.append(nn.Sequential(nn.Linear(2, 2)))
            stages.append(nn.Identity())
        self.stages = nn.Sequential(*stages)

    def forward(self, x):
        for place, block in enumerate(self.stages):
            x = block(x)
        return x
""",
        """
class Stages(nn.Module):
    def __init__(self, n):
        super().__init__()
        stages = []
        for _ in range(n):
            stages.append(nn.Sequential(nn.Linear(2, 2)))
            stages.append(nn.Identity())
        self.stages = nn.Sequential(*stages)
        self.stages_hook_points = nn.ModuleList([HookPoint() for _ in self.stages])

    def forward(self, x):
        for place, block in enumerate(self.stages):
            x = self.stages_hook_points[place](block(x))
        return x
""",
        id="a list that __init__ fills (fastvit)",
    ),
    pytest.param(
        """
class Layer(nn.Module):
    def __init__(self, parallel):
        super().__init__()
        self.parallel = parallel
        self.mlp = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor | None):
        if self.parallel:
            x = self.mlp(x) + 1
        else:
            x = self.mlp(x) + x
        return x


class Model(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([Layer(i % 2) for i in range(n)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
        """
class Layer(nn.Module):
    def __init__(self, parallel):
        super().__init__()
        self.parallel = parallel
        self.mlp = nn.Linear(2, 2)
        self.mlp_hook_point = HookPoint()

    def forward(self, x: torch.Tensor | None):
        if self.parallel:
            x = self.mlp_hook_point(self.mlp(x)) + 1
        else:
            x = self.mlp_hook_point(self.mlp(x)) + x
        return x


class Model(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([Layer(i % 2) for i in range(n)])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])

    def forward(self, x):
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
""",
        id="an optional argument that both branches replace (gpt_neox)",
    ),
    pytest.param(
        """
class Experts(nn.Module):
    def forward(self, x):
        return x.sin(), x.cos()


class Layer(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.norm = nn.LayerNorm(2)
        self.mlp = Experts() if sparse else nn.Linear(2, 2)

    def forward(self, x: torch.Tensor):
        return x + self.mlp(self.norm(x))
""",
        """
class Experts(nn.Module):
    def forward(self, x):
        return x.sin(), x.cos()


class Layer(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.norm = nn.LayerNorm(2)
        self.norm_hook_point = HookPoint()
        self.mlp = Experts() if sparse else nn.Linear(2, 2)
        self.mlp_hook_point = HookPoint()

    def forward(self, x: torch.Tensor):
        return x + self.mlp_hook_point(self.mlp(self.norm_hook_point(self.norm(x))))
""",
        id="what is added to a tensor is a tensor (lfm2)",
    ),
    pytest.param(
        """
class Mixing(nn.Module):
    def __init__(self, fused):
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3)
        if fused:
            self.forward = self.forward_fused
        else:
            self.forward = self.forward_apart

    def forward_fused(self, x):
        return self.conv(x)

    def forward_apart(self, x):
        one, two = x.chunk(2)
        return torch.cat((self.conv(one), two))
""",
        """
class Mixing(nn.Module):
    def __init__(self, fused):
        super().__init__()
        self.conv = nn.Conv2d(2, 2, 3)
        self.conv_hook_point = HookPoint()
        if fused:
            self.forward = self.forward_fused
        else:
            self.forward = self.forward_apart

    def forward_fused(self, x):
        return self.conv_hook_point(self.conv(x))

    def forward_apart(self, x):
        one, two = x.chunk(2)
        return torch.cat((self.conv_hook_point(self.conv(one)), two))
""",
        id="a forward that __init__ chooses (fasternet)",
    ),
    pytest.param(
        """
class Layers:
    conv: type = nn.Conv2d


class Block(nn.Module):
    def __init__(self, layers: Layers):
        super().__init__()
        self.conv = layers.conv(2, 2, 3)

    def forward(self, x):
        return self.conv(x)
""",
        """
class Layers:
    conv: type = nn.Conv2d


class Block(nn.Module):
    def __init__(self, layers: Layers):
        super().__init__()
        self.conv = layers.conv(2, 2, 3)
        self.conv_hook_point = HookPoint()

    def forward(self, x):
        return self.conv_hook_point(self.conv(x))
""",
        id="made by a field of an argument's class (byobnet)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(2, 2) for _ in range(n)])
        self.ends = nn.ModuleList([nn.Linear(2, 2) for _ in range(n)])

    def forward(self, x, k):
        if k:
            blocks = self.blocks[:k]
        else:
            blocks = self.blocks
        for block in blocks:
            x = block(x)
        ends = self.ends if k is None else self.ends[:k]
        for place, end in enumerate(ends):
            x = end(x) * place
        return x
""",
        """
class Model(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(2, 2) for _ in range(n)])
        self.blocks_hook_points = nn.ModuleList([HookPoint() for _ in self.blocks])
        self.ends = nn.ModuleList([nn.Linear(2, 2) for _ in range(n)])
        self.ends_hook_points = nn.ModuleList([HookPoint() for _ in self.ends])

    def forward(self, x, k):
        if k:
            blocks = self.blocks[:k]
        else:
            blocks = self.blocks
        for hook_index, block in enumerate(blocks):
            x = self.blocks_hook_points[hook_index](block(x))
        ends = self.ends if k is None else self.ends[:k]
        for place, end in enumerate(ends):
            x = self.ends_hook_points[place](end(x)) * place
        return x
""",
        id="all members or the first ones (gemma4_vit)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.encoder = backbone
        self.text = backbone

    def forward(self, x):
        features = self.encoder(x).feature_maps
        states = self.text(x).last_hidden_state
        return features[-1].cos(), len(features), states[:, 0]
""",
        """
class Model(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.encoder = backbone
        self.encoder_hook_point = HookPoint()
        self.text = backbone
        self.text_hook_point = HookPoint()

    def forward(self, x):
        features = self.encoder(x).feature_maps
        states = self.text_hook_point(self.text(x).last_hidden_state)
        return self.encoder_hook_point(features[-1]).cos(), len(features), states[:, 0]
""",
        id="a field whose items are read (maskformer)",
    ),
    pytest.param(
        """
class Sparse(nn.Module):
    def forward(self, x):
        return x.sin(), x.cos()


class Layer(nn.Module):
    def __init__(self, sparse, other):
        super().__init__()
        self.is_sparse = sparse
        self.mlp = Sparse() if sparse else nn.Linear(2, 2)
        self.other = other

    def forward(self, x):
        y = self.mlp(x)
        if self.is_sparse:
            y, logits = y
        y = self.other(x + y)
        if isinstance(y, tuple):
            y = y[0]
        else:
            logits = None
        return x + y
""",
        """
class Sparse(nn.Module):
    def forward(self, x):
        return x.sin(), x.cos()


class Layer(nn.Module):
    def __init__(self, sparse, other):
        super().__init__()
        self.is_sparse = sparse
        self.mlp = Sparse() if sparse else nn.Linear(2, 2)
        self.mlp_hook_point = HookPoint()
        self.other = other
        self.other_hook_point = HookPoint()

    def forward(self, x):
        y = self.mlp(x)
        if self.is_sparse:
            y, logits = y
        y = self.mlp_hook_point(y)
        y = self.other(x + y)
        if isinstance(y, tuple):
            y = y[0]
        else:
            logits = None
        y = self.other_hook_point(y)
        return x + y
""",
        id="a tuple that an if takes apart (llama4)",
    ),
]

UNTOUCHED = [
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])

    def forward(self, x):
        layers = iter(self.layers)
        x = next(layers)(x)
        for layer in layers:
            x = x + layer(x)
        return x
""",
        "no-index",
        id="an iterator that is advanced",
    ),
    pytest.param(
        """
class Residuals(nn.Sequential):
    def forward(self, x):
        for layer in self:
            x = x + layer(x)
        return x
""",
        "own-children",
        id="a container that runs its own members",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, names):
        super().__init__()
        self.names = names
        for name in names:
            setattr(self, name, nn.Linear(2, 2))

    def forward(self, x):
        for name in self.names:
            x = getattr(self, name)(x)
        return x
""",
        "name-unknown",
        id="names from outside",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, names):
        super().__init__()
        for i in range(3):
            setattr(self, f"fc{i}_{i + 1}", nn.Linear(2, 2))

    def forward(self, x):
        for i in range(2):
            x = getattr(self, f"fc0_{i}")(x)
        return x
""",
        "name-unknown",
        id="a name of another form",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.ups = nn.ModuleList([nn.Linear(2, 2)])

    def up(self, i):
        return self.ups[i % 1]

    def forward(self, x):
        up = self.up(4)
        return up(x)
""",
        "name-unknown",
        id="one that a method picks",
    ),
    pytest.param(
        """
class Bank(nn.Module):
    def __init__(self):
        super().__init__()
        for i in range(3):
            self.add_module(f"f{i}", nn.Linear(2, 2))

    def __getitem__(self, i):
        return getattr(self, f"f{i % 3}")


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.bank = Bank()

    def forward(self, x):
        return self.bank[4](x)
""",
        "name-unknown",
        id="one that __getitem__ picks",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def act(self):
        return nn.ReLU()

    def forward(self, x):
        return self.act()(x)
""",
        "no-name",
        id="one that a method makes",
    ),
    pytest.param(
        """
class Sometimes(nn.Module):
    def forward(self, x, both=False):
        return (x, x) if both else x


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Sometimes()

    def forward(self, x):
        run = lambda t: self.part(t)
        return run(x)
""",
        "unclear-result",
        id="a lambda that gives back what may be a tuple",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def double(self, x):
        return x * 2

    def forward(self, x):
        return getattr(self, self.kind)(x)
""",
        None,
        id="a method by a name from outside",
    ),
    pytest.param(
        """
class Encoder(nn.Module):
    def forward(self, x):
        out = []
        for one in x:
            out.append((one, one > 0))
        return out


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Encoder()

    def forward(self, x):
        features = self.backbone(x)
        last, mask = features[-1]
        return last * mask, features[0][0]
""",
        "unclear-result",
        id="a list of tuples (detr)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        features, positions = self.backbone(x)
        last, mask = features[-1]
        return last * mask + positions[-1]
""",
        "unclear-result",
        id="a list of tuples in a tuple (dab_detr)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        maps = self.backbone(x)
        return tuple(maps)
""",
        "unclear-result",
        id="what goes into tuple() (timm_backbone)",
    ),
    pytest.param(
        """
from functools import partial


def kernel(x, size):
    return x, size


class Backend(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.kernel = partial(kernel, size=size)

    def forward(self, x):
        return self.kernel(x)
""",
        None,
        id="a partial of a function (xlstm)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.encoder = AutoModel.from_config(config)

    def forward(self, x):
        out = self.encoder(x)
        levels = out.fpn_hidden_states[:-1]
        positions = out.fpn_positions[:-1]
        return levels, positions
""",
        "unclear-result",
        id="states of several levels (sam3_lite_text)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        features = self.backbone(x).feature_maps
        return [one.cos() for one in features]
""",
        "unclear-result",
        id="feature maps of a backbone (detr)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        out = self.backbone(x)
        features = out.feature_maps
        return features
""",
        "unclear-result",
        id="feature maps of an output that has a name (pp_ocrv6)",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone = backbone

    def forward(self, x):
        features = self.backbone(x)
        for one in features:
            x = x + one
        return x
""",
        "unclear-result",
        id="a result of an unknown class that a loop runs over",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(2, 2) for _ in range(n)])

    def forward(self, x, k):
        blocks = self.blocks if k is None else self.blocks[k:]
        for block in blocks:
            x = block(x)
        return x
""",
        "several-modules",
        id="all members or the last ones",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Linear(2, 2) for _ in range(n)])

    def forward(self, x, k):
        blocks = self.blocks[:k]
        return blocks[-1](x)
""",
        "no-index",
        id="the last of the first members",
    ),
    pytest.param(
        """
class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.language_model = AutoModel.from_config(config)

    def forward(self, x):
        outputs = self.language_model(inputs_embeds=x)
        return outputs
""",
        "unclear-result",
        id="an output of a class of transformers that is returned whole (fuyu)",
    ),
    pytest.param(
        """
always = lambda value: lambda *args: value


class Model(nn.Module):
    def __init__(self, classes=None):
        super().__init__()
        self.head = nn.Linear(2, classes) if classes else always(None)

    def forward(self, x):
        distilled = self.head(x)
        return distilled
""",
        "may-be-none",
        id="a head that may give None (levit)",
    ),
    pytest.param(
        """
class Law:
    def __init__(self, mean):
        self.mean = mean


class Lazy(nn.Module):
    def __init__(self, made, mean):
        super().__init__()
        self.made = made
        self.mean = mean

    def forward(self):
        return self.made(self.mean)


class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.base = Lazy(Law, 0.0)
""",
        "no-tensor",
        id="what is called may be a class, and gives an object (zuko)",
    ),
    *(
        pytest.param(
            f"""
class always:
    def __init__(self, value):
        self.value = value

    def __call__(self, *args):
        return self.value


class Model(nn.Module):
    def __init__(self, length):
        super().__init__()
        self.pos_emb = nn.Embedding(length, 2) if length else always(0)

    def forward(self, x, pos=None):
        {statements}
""",
            "no-tensor",
            id=f"an embedding that may be the number 0 (x-transformers): {name}",
        )
        for name, statements in {
            "in a condition": "pos = self.pos_emb(x) if pos is None else pos\n        return x + pos",
            "under a name": "pos = self.pos_emb(x)\n        return x + pos",
            "in an operator": "return x + self.pos_emb(x)",
            "returned": "return self.pos_emb(x)",
        }.items()
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_pairs(before: str, after: str) -> None:
    code = hook_source(IMPORTS + before, OPTIONS).code
    assert code == FIRST_IMPORTS + HOOK_POINT + LAST_IMPORT + after
    assert hook_source(code, OPTIONS).code == code
    assert strip_source(code, OPTIONS) == IMPORTS + before


@pytest.mark.parametrize(("source", "note"), UNTOUCHED)
def test_untouched(source: str, note: str | None) -> None:
    hooked = hook_source(IMPORTS + source, BARE)
    assert hooked.code == IMPORTS + source
    assert {one.code for one in hooked.notes} >= ({note} if note else set())


OUTPUT_IS_A_DICT = """
from collections import OrderedDict

from torch import nn


class Output(OrderedDict):
    def __setattr__(self, name, value):
        super().__setitem__(name, value)
        super().__setattr__(name, value)


class Encoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        output = Output()
        output["embedding"] = self.fc(x)
        output["spread"] = self.fc(x).exp()
        return output


class Coder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.encoder = Encoder(width)

    def embed(self, x):
        return self.encoder(x)["embedding"]

    def forward(self, x):
        found = self.encoder(x)
        mean, spread = found.embedding, found.spread
        return mean + spread
"""


def test_a_result_whose_class_is_a_dict() -> None:
    # pythae: hooked in one method of a class, and left to the fallback in another, which then
    # held the hook point for enough
    code = hook_source(OUTPUT_IS_A_DICT, BARE).code
    assert 'return self.encoder_hook_point(self.encoder(x)["embedding"])' in code
    assert "mean, spread = self.encoder_hook_point(found.embedding), found.spread" in code
