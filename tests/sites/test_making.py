"""Where a hook point is made: the statements of `__init__` and `forward`, `--` between them."""

from __future__ import annotations

import pytest

from autohook_codegen import hook_source
from tests.sites.snippets import BARE, module, with_import

PAIRS = [
    pytest.param(
        """
        self.fc = nn.Linear(8, 8)  # the only one
        self.width = width
        --
        return self.fc(x)
        """,
        """
        self.fc = nn.Linear(8, 8)  # the only one
        self.fc_hook_point = HookPoint()
        self.width = width
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="on the next line",
    ),
    pytest.param(
        """
        self.fc: nn.Module = nn.Linear(8, 8)
        --
        return self.fc(x)
        """,
        """
        self.fc: nn.Module = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="annotated",
    ),
    pytest.param(
        """
        self.a = self.b = nn.Linear(8, 8)
        --
        return self.a(self.b(x))
        """,
        """
        self.a = self.b = nn.Linear(8, 8)
        self.a_hook_point = HookPoint()
        self.b_hook_point = HookPoint()
        --
        return self.a_hook_point(self.a(self.b_hook_point(self.b(x))))
        """,
        id="one module, two names",
    ),
    pytest.param(
        """
        self.a, self.b = nn.Linear(8, 8), nn.Parameter(torch.ones(8))
        --
        return self.a(x) + self.b
        """,
        """
        self.a, self.b = nn.Linear(8, 8), nn.Parameter(torch.ones(8))
        self.a_hook_point = HookPoint()
        self.b_hook_point = HookPoint()
        --
        return self.b_hook_point(self.a_hook_point(self.a(x)) + self.b)
        """,
        id="in a tuple",
    ),
    pytest.param(
        """
        self.fc = nn.Linear(8, 8); self.width = width
        --
        return self.fc(x)
        """,
        """
        self.fc = nn.Linear(8, 8); self.fc_hook_point = HookPoint(); self.width = width
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="semicolon",
    ),
    pytest.param(
        """
        if width: self.fc = nn.Linear(8, 8)
        --
        return self.fc(x)
        """,
        """
        if width: self.fc = nn.Linear(8, 8); self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="on the line of the if",
    ),
    pytest.param(
        """
        if width > 8:
            self.fc = nn.Linear(8, 8)
        elif width > 4:
            self.fc = nn.Identity()
        else:
            self.fc = None
        self.width = width
        --
        return self.fc(x) if self.fc is not None else x
        """,
        """
        if width > 8:
            self.fc = nn.Linear(8, 8)
        elif width > 4:
            self.fc = nn.Identity()
        else:
            self.fc = None
        self.fc_hook_point = HookPoint()
        self.width = width
        --
        return self.fc_hook_point(self.fc(x)) if self.fc is not None else x
        """,
        id="every branch makes it",
    ),
    pytest.param(
        """
        if width > 8:
            self.fc = nn.Linear(8, 8)
        elif width > 4:
            self.fc = nn.Identity()
        --
        return self.fc(x)
        """,
        """
        if width > 8:
            self.fc = nn.Linear(8, 8)
            self.fc_hook_point = HookPoint()
        elif width > 4:
            self.fc = nn.Identity()
            self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="some branches make it",
    ),
    pytest.param(
        """
        self.fc = None
        if width > 8:
            self.fc = nn.Linear(8, 8)
        --
        return self.fc(x) if self.fc is not None else x
        """,
        """
        self.fc = None
        if width > 8:
            self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x)) if self.fc is not None else x
        """,
        id="None at first",
    ),
    pytest.param(
        """
        self.fc = nn.Linear(8, 8)
        self.layers = nn.ModuleList([nn.Linear(8, 8)])
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.layers = nn.ModuleList([nn.Linear(8, 8)])
        --
        for layer in self.layers:
            x = layer(x)
        return self.fc(x)
        """,
        """
        self.fc = nn.Linear(8, 8)
        self.layers = nn.ModuleList([nn.Linear(8, 8)])
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.layers = nn.ModuleList([nn.Linear(8, 8)])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        --
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return self.fc_hook_point(self.fc(x))
        """,
        id="made anew behind a second super().__init__() (braindecode, MEDFormer)",
    ),
    pytest.param(
        """
        net = []
        for _ in range(width):
            net.append(nn.Linear(8, 8))
        if width > 8:
            self.net = nn.ModuleList(net)
        elif width > 4:
            self.net = net
        --
        for layer in self.net:
            x = layer(x)
        return x
        """,
        """
        net = []
        for _ in range(width):
            net.append(nn.Linear(8, 8))
        if width > 8:
            self.net = nn.ModuleList(net)
            self.net_hook_points = nn.ModuleList([HookPoint() for _ in self.net])
        elif width > 4:
            self.net = net
            self.net_hook_points = nn.ModuleList([HookPoint() for _ in self.net])
        --
        for hook_index, layer in enumerate(self.net):
            x = self.net_hook_points[hook_index](layer(x))
        return x
        """,
        id="some branches hold a list that is full (braindecode, TIDNet)",
    ),
    pytest.param(
        """
        fc = nn.Linear(8, 8)
        self.fc = fc
        --
        return self.fc(x)
        """,
        """
        fc = nn.Linear(8, 8)
        self.fc = fc
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="by a local name",
    ),
    pytest.param(
        """
        layers = []
        for _ in range(3):
            layers.append(nn.Linear(8, 8))
        self.layers = nn.ModuleList(layers)
        --
        for layer in self.layers:
            x = layer(x)
        return x
        """,
        """
        layers = []
        for _ in range(3):
            layers.append(nn.Linear(8, 8))
        self.layers = nn.ModuleList(layers)
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        --
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
        """,
        id="a container of a local list",
    ),
    pytest.param(
        """
        self.layers = nn.ModuleList()
        for _ in range(3):
            if width:
                self.layers.append(nn.Linear(8, 8))
            else:
                self.layers += [nn.Linear(8, 8)]
        self.layers.extend([nn.Tanh()])
        self.width = width
        --
        for layer in self.layers:
            x = layer(x)
        return x
        """,
        """
        self.layers = nn.ModuleList()
        for _ in range(3):
            if width:
                self.layers.append(nn.Linear(8, 8))
            else:
                self.layers += [nn.Linear(8, 8)]
        self.layers.extend([nn.Tanh()])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        self.width = width
        --
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
        """,
        id="after the last statement that fills it",
    ),
    pytest.param(
        """
        self.up, self.down = nn.ModuleList(), nn.ModuleList()
        for i in range(3):
            self.up.append(nn.Linear(8, 8))
            self.down.append(nn.Linear(8, 8))
        --
        for up, down in zip(self.up, self.down):
            x = down(up(x))
        return x
        """,
        """
        self.up, self.down = nn.ModuleList(), nn.ModuleList()
        for i in range(3):
            self.up.append(nn.Linear(8, 8))
            self.down.append(nn.Linear(8, 8))
        self.up_hook_points = nn.ModuleList([HookPoint() for _ in self.up])
        self.down_hook_points = nn.ModuleList([HookPoint() for _ in self.down])
        --
        for hook_index, (up, down) in enumerate(zip(self.up, self.down)):
            x = self.down_hook_points[hook_index](down(self.up_hook_points[hook_index](up(x))))
        return x
        """,
        id="one loop fills two",
    ),
    pytest.param(
        """
        self.blocks = nn.ModuleDict()
        self.blocks["a"] = nn.Linear(8, 8)
        self.blocks.update({"b": nn.Linear(8, 8)})
        --
        for name, block in self.blocks.items():
            x = block(x)
        return x
        """,
        """
        self.blocks = nn.ModuleDict()
        self.blocks["a"] = nn.Linear(8, 8)
        self.blocks.update({"b": nn.Linear(8, 8)})
        self.blocks_hook_points = nn.ModuleDict({name: HookPoint() for name in self.blocks})
        --
        for name, block in self.blocks.items():
            x = self.blocks_hook_points[name](block(x))
        return x
        """,
        id="a dict filled by key",
    ),
    pytest.param(
        """
        self.layers = nn.ModuleList([nn.Tanh()]) if width else None
        --
        for layer in self.layers or []:
            x = layer(x)
        return x
        """,
        """
        self.layers = nn.ModuleList([nn.Tanh()]) if width else None
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers or ()])
        --
        for hook_index, layer in enumerate(self.layers or []):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
        """,
        id="a container that may be None",
    ),
    pytest.param(
        """
        self.register_parameter("scale", nn.Parameter(torch.ones(8)))
        --
        return x * self.scale
        """,
        """
        self.register_parameter("scale", nn.Parameter(torch.ones(8)))
        self.scale_hook_point = HookPoint()
        --
        return self.scale_hook_point(x * self.scale)
        """,
        id="register_parameter",
    ),
    pytest.param(
        """
        setattr(self, "scale", nn.Parameter(torch.ones(8)))
        --
        return x * self.scale
        """,
        """
        setattr(self, "scale", nn.Parameter(torch.ones(8)))
        self.scale_hook_point = HookPoint()
        --
        return self.scale_hook_point(x * self.scale)
        """,
        id="setattr",
    ),
    pytest.param(
        """
        self.add_module("fc", nn.Linear(8, 8))
        --
        return self.fc(x)
        """,
        """
        self.add_module("fc", nn.Linear(8, 8))
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="add_module",
    ),
    pytest.param(
        """
        for i in range(3):
            self.add_module(f"fc{i}", nn.Linear(8, 8))
        --
        for i in range(3):
            x = getattr(self, f"fc{i}")(x)
        return x
        """,
        """
        for i in range(3):
            self.add_module(f"fc{i}", nn.Linear(8, 8))
            setattr(self, f"fc{i}_hook_point", HookPoint())
        --
        for i in range(3):
            x = getattr(self, f"fc{i}_hook_point")(getattr(self, f"fc{i}")(x))
        return x
        """,
        id="computed names",
    ),
    pytest.param(
        """
        for i in range(3):
            setattr(self, "fc" + str(i), nn.Linear(8, 8))
        --
        for i in range(3):
            x = getattr(self, "fc" + str(i))(x)
        return x
        """,
        """
        for i in range(3):
            setattr(self, "fc" + str(i), nn.Linear(8, 8))
            setattr(self, "fc" + str(i) + "_hook_point", HookPoint())
        --
        for i in range(3):
            x = getattr(self, "fc" + str(i) + "_hook_point")(getattr(self, "fc" + str(i))(x))
        return x
        """,
        id="computed names, concatenated",
    ),
    pytest.param(
        """
        for i in range(3):
            setattr(self, "fc%d" % (i + 1), nn.Linear(8, 8))
            self.add_module("act_{}_{:02d}".format("a", i), nn.ReLU())
        --
        for i in range(3):
            x = getattr(self, "fc%d" % (i + 1))(x)
            x = getattr(self, f"act_a_{i:02d}")(x)
        return x
        """,
        """
        for i in range(3):
            setattr(self, "fc%d" % (i + 1), nn.Linear(8, 8))
            setattr(self, "fc%d_hook_point" % (i + 1), HookPoint())
            self.add_module("act_{}_{:02d}".format("a", i), nn.ReLU())
        --
        for i in range(3):
            x = getattr(self, "fc%d_hook_point" % (i + 1))(getattr(self, "fc%d" % (i + 1))(x))
            x = getattr(self, f"act_a_{i:02d}")(x)
        return x
        """,
        id="computed names, filled in",
    ),
    pytest.param(
        """
        self.names = []
        for i in range(3):
            name = f"fc{i}"
            self.add_module(name, nn.Linear(8, 8))
            self.names.append(name)
        --
        for i, own in enumerate(self.names):
            fc = getattr(self, own)
            x = fc(x).relu()
        return x
        """,
        """
        self.names = []
        for i in range(3):
            name = f"fc{i}"
            self.add_module(name, nn.Linear(8, 8))
            setattr(self, f"{name}_hook_point", HookPoint())
            self.names.append(name)
        --
        for i, own in enumerate(self.names):
            fc = getattr(self, own)
            x = getattr(self, f"{own}_hook_point")(fc(x)).relu()
        return x
        """,
        id="computed names, kept in a list (mmdetection)",
    ),
    pytest.param(
        """
        if width > 8:
            self.fc = nn.Linear(8, 8)
            return
        elif width > 4:
            self.fc = nn.Linear(8, 4)
        self.fc = nn.Sequential(nn.Linear(8, 8), nn.GELU())
        --
        return self.fc(x)
        """,
        """
        if width > 8:
            self.fc = nn.Linear(8, 8)
            self.fc_hook_point = HookPoint()
            return
        elif width > 4:
            self.fc = nn.Linear(8, 4)
        self.fc = nn.Sequential(nn.Linear(8, 8), nn.GELU())
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="made and left, or made again (simple-hierarchical-transformer)",
    ),
    pytest.param(
        """
        self.norm = nn.LayerNorm(8)
        if width > 8:
            return
        self.fc = nn.Linear(8, 8)
        --
        return self.norm(x)
        """,
        """
        self.norm = nn.LayerNorm(8)
        self.norm_hook_point = HookPoint()
        if width > 8:
            return
        self.fc = nn.Linear(8, 8)
        --
        return self.norm_hook_point(self.norm(x))
        """,
        id="only what has a site",
    ),
    pytest.param(
        """
        self.act = ACT2FN[config.hidden_act]
        --
        return self.act(x)
        """,
        """
        self.act = ACT2FN[config.hidden_act]
        self.act_hook_point = HookPoint()
        --
        return self.act_hook_point(self.act(x))
        """,
        id="table look-up",
    ),
    pytest.param(
        """
        self.act = torch.relu if config.relu else nn.GELU()
        --
        return self.act(x)
        """,
        """
        self.act = torch.relu if config.relu else nn.GELU()
        self.act_hook_point = HookPoint()
        --
        return self.act_hook_point(self.act(x))
        """,
        id="a function or a module",
    ),
    pytest.param(
        """
        self.fc = config.make(width)
        --
        return self.fc(x)
        """,
        """
        self.fc = config.make(width)
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="factory",
    ),
    pytest.param(
        """
        self.fc = width
        --
        return self.fc(x)
        """,
        """
        self.fc = width
        self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="handed in, and called with x",
    ),
    pytest.param(
        """
        self.fc = torch.nn.Linear(8, 8)
        self.layers = torch.nn.ModuleList([self.fc])
        --
        for layer in self.layers:
            x = layer(x)
        return x
        """,
        """
        self.fc = torch.nn.Linear(8, 8)
        self.layers = torch.nn.ModuleList([self.fc])
        self.layers_hook_points = torch.nn.ModuleList([HookPoint() for _ in self.layers])
        --
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
        """,
        id="torch.nn, as the file writes it",
    ),
    pytest.param(
        """
        self.inner = nn.ModuleList([nn.ModuleDict({"a": nn.Tanh()}) for _ in range(2)])
        --
        for inner in self.inner:
            for name in inner:
                x = inner[name](x)
        return x
        """,
        """
        self.inner = nn.ModuleList([nn.ModuleDict({"a": nn.Tanh()}) for _ in range(2)])
        self.inner_hook_points = nn.ModuleList([nn.ModuleDict({name: HookPoint() for name in members}) for members in self.inner])
        --
        for hook_index, inner in enumerate(self.inner):
            for name in inner:
                x = self.inner_hook_points[hook_index][name](inner[name](x))
        return x
        """,
        id="a list of dicts",
    ),
    pytest.param(
        """
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = 3
        --
        return self.fc(x) * self.fc_hook_point
        """,
        """
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point_2 = HookPoint()
        self.fc_hook_point = 3
        --
        return self.fc_hook_point_2(self.fc(x)) * self.fc_hook_point
        """,
        id="a name that is taken",
    ),
    pytest.param(
        """
        self.heads = None
        if width:
            self.heads = nn.ModuleDict({"a": nn.Linear(8, 8)})
        self.width = width
        --
        return x if self.heads is None else self.heads["a"](x)
        """,
        """
        self.heads = None
        if width:
            self.heads = nn.ModuleDict({"a": nn.Linear(8, 8)})
        self.heads_hook_points = nn.ModuleDict({name: HookPoint() for name in self.heads or {}})
        self.width = width
        --
        return x if self.heads is None else self.heads_hook_points["a"](self.heads["a"](x))
        """,
        id="a dict that may be None",
    ),
    pytest.param(
        """
        def add(members, member):
            members.append(member)

        self.layers = nn.ModuleList()
        for _ in range(3):
            add(self.layers, nn.Linear(8, 8))
        self.width = width
        --
        for layer in self.layers:
            x = layer(x)
        return x
        """,
        """
        def add(members, member):
            members.append(member)

        self.layers = nn.ModuleList()
        for _ in range(3):
            add(self.layers, nn.Linear(8, 8))
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        self.width = width
        --
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
        """,
        id="a container filled by a function that is handed it",
    ),
    pytest.param(
        """
        self.layers = layers = nn.ModuleList()
        for _ in range(3):
            layers += [nn.Linear(8, 8)]
        --
        for layer in self.layers:
            x = layer(x)
        return x
        """,
        """
        self.layers = layers = nn.ModuleList()
        for _ in range(3):
            layers += [nn.Linear(8, 8)]
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        --
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
        """,
        id="filled under another name",
    ),
    pytest.param(
        """
        if width:
            self.layers = nn.ModuleList()
        for i in range(3):
            if width:
                self.layers.append(nn.Linear(8, 8))
        --
        for layer in self.layers:
            x = layer(x)
        return x
        """,
        """
        if width:
            self.layers = nn.ModuleList()
            self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        for i in range(3):
            if width:
                self.layers.append(nn.Linear(8, 8))
                self.layers_hook_points.append(HookPoint())
        --
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
        """,
        id="filled in another branch",
    ),
    pytest.param(
        """
        self.parts = nn.ModuleDict({"blocks": nn.ModuleList([nn.Tanh()]), "head": nn.Linear(8, 8)})
        --
        for block in self.parts["blocks"]:
            x = block(x)
        return self.parts["head"](x)
        """,
        """
        self.parts = nn.ModuleDict({"blocks": nn.ModuleList([nn.Tanh()]), "head": nn.Linear(8, 8)})
        self.parts_blocks_hook_points = nn.ModuleList([HookPoint() for _ in self.parts.blocks])
        self.parts_hook_points = nn.ModuleDict({name: HookPoint() for name in self.parts})
        --
        for hook_index, block in enumerate(self.parts["blocks"]):
            x = self.parts_blocks_hook_points[hook_index](block(x))
        return self.parts_hook_points["head"](self.parts["head"](x))
        """,
        id="a dict of a list and a layer",
    ),
    pytest.param(
        """
        self.parts = nn.ModuleDict()
        if width:
            self.parts.update({"blocks": nn.ModuleList([nn.Tanh()])})
        --
        if "blocks" in self.parts:
            for block in self.parts.blocks:
                x = block(x)
        return x
        """,
        """
        self.parts = nn.ModuleDict()
        if width:
            self.parts.update({"blocks": nn.ModuleList([nn.Tanh()])})
        self.parts_blocks_hook_points = nn.ModuleList([HookPoint() for _ in getattr(self.parts, "blocks", ())])
        --
        if "blocks" in self.parts:
            for hook_index, block in enumerate(self.parts.blocks):
                x = self.parts_blocks_hook_points[hook_index](block(x))
        return x
        """,
        id="a list in a branch of a dict",
    ),
    pytest.param(
        """
        def make():
            self.head = nn.Linear(8, 8)

        make()
        --
        return self.head(x)
        """,
        """
        def make():
            self.head = nn.Linear(8, 8)
            self.head_hook_point = HookPoint()

        make()
        --
        return self.head_hook_point(self.head(x))
        """,
        id="a function in __init__ sets it",
    ),
    pytest.param(
        """
        self.layers = nn.ModuleList([nn.Tanh()])
        if width:
            return
        self.layers.append(nn.Linear(8, 8))
        --
        for layer in self.layers:
            x = layer(x)
        return x
        """,
        """
        self.layers = nn.ModuleList([nn.Tanh()])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        if width:
            return
        self.layers.append(nn.Linear(8, 8))
        self.layers_hook_points.append(HookPoint())
        --
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
        """,
        id="an early return before the container is full",
    ),
    pytest.param(
        """
        with torch.device("cpu"):
            self.fc = nn.Linear(8, 8)
        --
        return self.fc(x)
        """,
        """
        with torch.device("cpu"):
            self.fc = nn.Linear(8, 8)
            self.fc_hook_point = HookPoint()
        --
        return self.fc_hook_point(self.fc(x))
        """,
        id="a with statement sets it",
    ),
    pytest.param(
        """
        if width:
            self.fc = nn.ModuleList([nn.Linear(8, 8)])
        else:
            self.fc = nn.Linear(8, 8)
        --
        if width:
            return self.fc[0](x)
        return self.fc(x)
        """,
        """
        if width:
            self.fc = nn.ModuleList([nn.Linear(8, 8)])
            self.fc_hook_points = nn.ModuleList([HookPoint() for _ in self.fc])
        else:
            self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        --
        if width:
            return self.fc_hook_points[0](self.fc[0](x))
        return self.fc_hook_point(self.fc(x))
        """,
        id="a module or a list, by the branch",
    ),
]

MODULES = [
    pytest.param(
        """\
from torch import nn


class Stack(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = self.filled(width)

    def filled(self, width):
        layers = nn.ModuleList([])
        for _ in range(2):
            layers.append(nn.Linear(width, width))
        return layers

    def grow(self, width):
        self.layers.append(nn.Linear(width, width))

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = layer(x)
        return x
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Stack(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = self.filled(width)
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])

    def filled(self, width):
        layers = nn.ModuleList([])
        for _ in range(2):
            layers.append(nn.Linear(width, width))
        return layers

    def grow(self, width):
        self.layers.append(nn.Linear(width, width))
        self.layers_hook_points.append(HookPoint())

    def forward(self, x):
        for i, layer in enumerate(self.layers):
            x = self.layers_hook_points[i](layer(x))
        return x
""",
        id="a container that a method fills and gives back",
    ),
    pytest.param(
        """\
from torch import nn


class Layer(nn.TransformerEncoderLayer):
    def __init__(self, width, rms):
        super().__init__(width, 2)
        if rms:
            self.norm1 = nn.RMSNorm(width)
            self.extra = nn.Linear(width, width)

    def forward(self, x):
        return self.norm1(x)
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Layer(nn.TransformerEncoderLayer):
    def __init__(self, width, rms):
        super().__init__(width, 2)
        if rms:
            self.norm1 = nn.RMSNorm(width)
            self.extra = nn.Linear(width, width)
        self.norm1_hook_point = HookPoint()

    def forward(self, x):
        return self.norm1_hook_point(self.norm1(x))
""",
        id="a submodule that torch's class has, and a branch replaces",
    ),
    pytest.param(
        """\
import torch
import torch.nn.functional as F
from torch import nn


class Empty(nn.Linear):
    def __init__(self, width, empty=False):
        super().__init__(width, width)
        if empty:
            self.weight = nn.Parameter(torch.zeros(width, width))

    def forward(self, x):
        return F.linear(x, self.weight)
""",
        """\
import torch
import torch.nn.functional as F
from torch import nn
from transformer_lens.hook_points import HookPoint


class Empty(nn.Linear):
    def __init__(self, width, empty=False):
        super().__init__(width, width)
        if empty:
            self.weight = nn.Parameter(torch.zeros(width, width))
        self.weight_hook_point = HookPoint()

    def forward(self, x):
        return self.weight_hook_point(F.linear(x, self.weight))
""",
        id="a parameter that torch's class has, and a branch replaces",
    ),
    pytest.param(
        """\
import sys
from torch import nn

if sys.version_info > (3, 8):

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x):
            return self.fc(x)

else:
    try:

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(8, 8)

            def forward(self, x):
                return self.fc(x) + 1

    finally:
        pass
""",
        """\
import sys
from torch import nn
from transformer_lens.hook_points import HookPoint

if sys.version_info > (3, 8):

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)
            self.fc_hook_point = HookPoint()

        def forward(self, x):
            return self.fc_hook_point(self.fc(x))

else:
    try:

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.fc = nn.Linear(8, 8)
                self.fc_hook_point = HookPoint()

            def forward(self, x):
                return self.fc_hook_point(self.fc(x)) + 1

    finally:
        pass
""",
        id="classes in branches",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x):
            return self.fc(x)

    def __init__(self):
        super().__init__()
        self.inner = Net.Inner()

    def forward(self, x):
        return self.inner(x)
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Net(nn.Module):
    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)
            self.fc_hook_point = HookPoint()

        def forward(self, x):
            return self.fc_hook_point(self.fc(x))

    def __init__(self):
        super().__init__()
        self.inner = Net.Inner()
        self.inner_hook_point = HookPoint()

    def forward(self, x):
        return self.inner_hook_point(self.inner(x))
""",
        id="a nested class",
    ),
    pytest.param(
        """\
from torch.nn import Linear, Module, ModuleList


class Net(Module):
    def __init__(self):
        super().__init__()
        self.layers = ModuleList([Linear(8, 8)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
        """\
from torch.nn import Linear, Module, ModuleList
from transformer_lens.hook_points import HookPoint


class Net(Module):
    def __init__(self):
        super().__init__()
        self.layers = ModuleList([Linear(8, 8)])
        self.layers_hook_points = ModuleList([HookPoint() for _ in self.layers])

    def forward(self, x):
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
""",
        id="bare names of torch.nn",
    ),
    pytest.param(
        """\
from torch import nn


class HookPoint:
    '''Someone's own.'''


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.point = HookPoint()

    def forward(self, x):
        return self.fc(x)
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint as HookPoint_2


class HookPoint:
    '''Someone's own.'''


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint_2()
        self.point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="the name HookPoint is taken",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    fc = None

    def __init__(self):
        super().__init__()
        self._make()

    def _make(self):
        self.fc = nn.Linear(8, 8)

    def grow(self):
        self.head = nn.Linear(8, 8)

    def forward(self, x):
        return self.head(self.fc(x))
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Net(nn.Module):
    fc = None

    def __init__(self):
        super().__init__()
        self._make()
        self.head_hook_point = HookPoint()

    def _make(self):
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def grow(self):
        self.head = nn.Linear(8, 8)

    def forward(self, x):
        return self.head_hook_point(self.head(self.fc_hook_point(self.fc(x))))
""",
        id="made in another method",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.width = 8

    def forward(self, x):
        return self.head(x)
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.width = 8
        self.head_hook_point = HookPoint()

    def forward(self, x):
        return self.head_hook_point(self.head(x))
""",
        id="set from elsewhere",
    ),
    pytest.param(
        """\
from outside import Base


class Net(Base):
    def forward(self, x):
        return self.head(x)
""",
        """\
from outside import Base
from transformer_lens.hook_points import HookPoint


class Net(Base):
    def __init__(self, *args, **kwargs):  # for the hook points
        super().__init__(*args, **kwargs)
        self.head_hook_point = HookPoint()

    def forward(self, x):
        return self.head_hook_point(self.head(x))
""",
        id="inherited from outside, no __init__",
    ),
    pytest.param(
        """\
from outside import Base


class Net(Base):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def forward(self, x):
        return self.head(x)
""",
        """\
from outside import Base
from transformer_lens.hook_points import HookPoint


class Net(Base):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.head_hook_point = HookPoint()

    def forward(self, x):
        return self.head_hook_point(self.head(x))
""",
        id="inherited from outside, at the end of __init__",
    ),
    pytest.param(
        """\
from torch import nn


class Norm(nn.LayerNorm):
    '''Its own forward.'''

    kind = "layer"

    def forward(self, x):
        return x * self.weight
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Norm(nn.LayerNorm):
    '''Its own forward.'''

    kind = "layer"

    def __init__(self, *args, **kwargs):  # for the hook points
        super().__init__(*args, **kwargs)
        self.weight_hook_point = HookPoint()

    def forward(self, x):
        return self.weight_hook_point(x * self.weight)
""",
        id="a parameter inherited from torch",
    ),
    pytest.param(
        """\
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)


class Net(Base):
    def forward(self, x):
        return self.fc(x)
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()


class Net(Base):
    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="in the base that makes it",
    ),
    pytest.param(
        """\
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Net(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Net(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()
""",
        id="a subclass that makes it again",
    ),
    pytest.param(
        """\
from torch import nn


class Base(nn.Module):
    def forward(self, x):
        return self.fc(x)


class Left(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)


class Right(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Base(nn.Module):
    def __init__(self, *args, **kwargs):  # for the hook points
        super().__init__(*args, **kwargs)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Left(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)


class Right(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()
""",
        id="made by the subclasses: a subclass outside the input has it too",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList()
        self.heads = nn.ModuleDict()

    def grow(self, name):
        self.layers.append(nn.Linear(8, 8))
        self.heads[name] = nn.Linear(8, 8)
        self.heads.update({name + "2": nn.Linear(8, 8)})
        self.layers.extend([nn.Linear(8, 8)])

    def forward(self, x, name):
        for layer in self.layers:
            x = layer(x)
        return self.heads[name](x)
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList()
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        self.heads = nn.ModuleDict()
        self.heads_hook_points = nn.ModuleDict({name: HookPoint() for name in self.heads})

    def grow(self, name):
        self.layers.append(nn.Linear(8, 8))
        self.layers_hook_points.append(HookPoint())
        self.heads[name] = nn.Linear(8, 8)
        self.heads_hook_points[name] = HookPoint()
        self.heads.update({name + "2": nn.Linear(8, 8)})
        self.heads_hook_points.update({name: HookPoint() for name in self.heads if name not in self.heads_hook_points})
        self.layers.extend([nn.Linear(8, 8)])
        self.layers_hook_points.extend([HookPoint() for _ in self.layers[len(self.layers_hook_points):]])

    def forward(self, x, name):
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return self.heads_hook_points[name](self.heads[name](x))
""",
        id="growth",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.width = 8

    def add_heads(self, names):
        self.heads = nn.ModuleDict({name: nn.Linear(8, 8) for name in names})

    def forward(self, x):
        return {name: head(x) for name, head in self.heads.items()}
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.width = 8

    def add_heads(self, names):
        self.heads = nn.ModuleDict({name: nn.Linear(8, 8) for name in names})
        self.heads_hook_points = nn.ModuleDict({name: HookPoint() for name in self.heads})

    def forward(self, x):
        return {name: self.heads_hook_points[name](head(x)) for name, head in self.heads.items()}
""",
        id="made in a method that __init__ does not call",
    ),
    pytest.param(
        """\
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Tanh()])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Deep(Base):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Tanh(), nn.Tanh()])
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Tanh()])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])

    def forward(self, x):
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x


class Deep(Base):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Tanh(), nn.Tanh()])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
""",
        id="a subclass that replaces a container",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self, wide):
        super().__init__()
        if wide:
            self.set_up_wide()
        else:
            self.set_up_narrow()

    def set_up_wide(self):
        self.fc = nn.Linear(8, 8)

    def set_up_narrow(self):
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        return self.fc(x)
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Net(nn.Module):
    def __init__(self, wide):
        super().__init__()
        if wide:
            self.set_up_wide()
        else:
            self.set_up_narrow()

    def set_up_wide(self):
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def set_up_narrow(self):
        self.fc = nn.Linear(8, 4)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="one of two methods sets it",
    ),
    pytest.param(
        """\
from torch import nn


class Trunk(nn.Module):
    def __init__(self, deep):
        super().__init__()
        self.stem = nn.Linear(8, 8)
        if deep:
            self.blocks = nn.ModuleList([nn.Tanh()])


class Net(nn.Module):
    def __init__(self, deep):
        super().__init__()
        self.trunk = Trunk(deep)

    def forward(self, x):
        x = self.trunk.stem(x)
        for block in self.trunk.blocks:
            x = block(x)
        return x
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Trunk(nn.Module):
    def __init__(self, deep):
        super().__init__()
        self.stem = nn.Linear(8, 8)
        if deep:
            self.blocks = nn.ModuleList([nn.Tanh()])


class Net(nn.Module):
    def __init__(self, deep):
        super().__init__()
        self.trunk = Trunk(deep)
        self.trunk_stem_hook_point = HookPoint()
        self.trunk_blocks_hook_points = nn.ModuleList([HookPoint() for _ in getattr(self.trunk, "blocks", ())])

    def forward(self, x):
        x = self.trunk_stem_hook_point(self.trunk.stem(x))
        for hook_index, block in enumerate(self.trunk.blocks):
            x = self.trunk_blocks_hook_points[hook_index](block(x))
        return x
""",
        id="a list that an inner module may lack",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList()
        self.grow()
        self.layers.append(nn.Tanh())

    def grow(self):
        self.layers.append(nn.Linear(8, 8))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList()
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])
        self.grow()
        self.layers.append(nn.Tanh())
        self.layers_hook_points.append(HookPoint())

    def grow(self):
        self.layers.append(nn.Linear(8, 8))
        self.layers_hook_points.append(HookPoint())

    def forward(self, x):
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
""",
        id="a method that __init__ calls fills it",
    ),
    pytest.param(
        """\
from torch import nn


def depth(n):
    return n if n < 2 else depth(n - 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, depth(8))

    def forward(self, x):
        return self.fc(x)
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


def depth(n):
    return n if n < 2 else depth(n - 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, depth(8))
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="a function that calls itself",
    ),
    pytest.param(
        """\
from torch import nn


class Base(nn.Module):
    pass


class Made(Base):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(n)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Filled(Base):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(n):
            self.layers.append(nn.Linear(2, 2))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
""",
        """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Base(nn.Module):
    pass


class Made(Base):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(n)])
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])

    def forward(self, x):
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x


class Filled(Base):
    def __init__(self, n):
        super().__init__()
        self.layers = nn.ModuleList()
        for _ in range(n):
            self.layers.append(nn.Linear(2, 2))
        self.layers_hook_points = nn.ModuleList([HookPoint() for _ in self.layers])

    def forward(self, x):
        for hook_index, layer in enumerate(self.layers):
            x = self.layers_hook_points[hook_index](layer(x))
        return x
""",
        id="relatives that each have a list of their own, one of them filled (unlimited_ocr)",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_making(before: str, after: str) -> None:
    assert hook_source(module(before), BARE).code == with_import(module(after))


@pytest.mark.parametrize(("before", "after"), MODULES)
def test_modules(before: str, after: str) -> None:
    assert hook_source(before, BARE).code == after
