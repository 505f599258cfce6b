"""Which classes are roots, and what they gain."""

from __future__ import annotations

import pytest

from autohook_codegen import Fallback, Options, hook_source, hook_sources
from tests.sites.snippets import module

PLAIN = Options(format=False)

ROOT = "from transformer_lens import HookedRootModule\n"
HOOK_POINT = "from transformer_lens.hook_points import HookPoint\n"
AUTO = "from autohook_runtime import auto_hook\n"

PAIRS = [
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

        self.width = 8

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

        self.width = 8
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="one class",
    ),
    pytest.param(
        """\
import torch.nn


class Net(torch.nn.Module):

    def __init__(self):
        super(Net, self).__init__()
        self.fc = torch.nn.Linear(8, 8)
        # nothing else

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
import torch.nn
{ROOT}{HOOK_POINT}

class Net(HookedRootModule, torch.nn.Module):

    def __init__(self):
        super(Net, self).__init__()
        self.fc = torch.nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.setup()
        # nothing else

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="torch.nn.Module, and a comment at the end",
    ),
    pytest.param(
        """\
from torch import nn


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module, metaclass=type):
    def __init__(self):
        super().__init__()
        self.part = Part()

    def forward(self, x):
        return self.part(x)


class Big(Net):
    pass
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Net(nn.Module, metaclass=type):
    def __init__(self):
        super().__init__()
        self.part = Part()
        self.part_hook_point = HookPoint()

    def forward(self, x):
        return self.part_hook_point(self.part(x))


class Big(Net, HookedRootModule):
    pass

    def __init__(self, *args, **kwargs):  # for the hook points
        super().__init__(*args, **kwargs)
        self.setup()
""",
        id="the subclass is the root, its base only serves as one",
    ),
    pytest.param(
        """\
from torch import nn

__all__ = ("Part", "Net")


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()

    def forward(self, x):
        return self.part(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}
__all__ = ("Part", "Net")


class Part(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.part = Part()
        self.part_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.part_hook_point(self.part(x))
""",
        id="__all__ names a part that holds no module of the input",
    ),
    pytest.param(
        """\
from outside import Base, Linear
from torch import nn


class Net(Base):
    def __init__(self, config):
        super().__init__(config)
        self.fc = nn.Linear(8, 8)
        self.post_init()

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
{AUTO}from outside import Base, Linear
from torch import nn
{ROOT}{HOOK_POINT}

class Net(Base, HookedRootModule):
    def __init__(self, config):
        super().__init__(config)
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.post_init()
        auto_hook(self)  # Base may have a setup() of its own

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="a base from outside",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def setup(self):
        self.ready = True

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
from torch import nn
{HOOK_POINT}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def setup(self):
        self.ready = True

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="has a setup of its own",
    ),
    pytest.param(
        """\
from torch import nn


class Mish(nn.Module):
    def forward(self, x):
        return x * x.exp().log1p().tanh()
""",
        """\
from torch import nn


class Mish(nn.Module):
    def forward(self, x):
        return x * x.exp().log1p().tanh()
""",
        id="a root that has nothing to hook",
    ),
    pytest.param(
        """\
from torch import nn


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


HEADS = {"plain": Head}


class Net(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.head = HEADS[kind]()

    def forward(self, x):
        return self.head(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


HEADS = {{"plain": Head}}


class Net(HookedRootModule, nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.head = HEADS[kind]()
        self.head_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.head_hook_point(self.head(x))
""",
        id="named in a table",
    ),
    pytest.param(
        """\
from torch import nn


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self, head=Head):
        super().__init__()
        self.head = head()

    def forward(self, x):
        return self.head(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Net(HookedRootModule, nn.Module):
    def __init__(self, head=Head):
        super().__init__()
        self.head = head()
        self.head_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.head_hook_point(self.head(x))
""",
        id="named as a default",
    ),
    pytest.param(
        """\
from torch import nn


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self, head: Head):
        super().__init__()
        self.head = head

    def forward(self, x):
        return self.head(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Net(HookedRootModule, nn.Module):
    def __init__(self, head: Head):
        super().__init__()
        self.head = head
        self.head_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.head_hook_point(self.head(x))
""",
        id="named as the annotation of an argument that is called",
    ),
    pytest.param(
        """\
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        calls = 0
        calls += 1
        return self.fc(x) * calls
""",
        f"""\
import torch
from torch import nn
{ROOT}{HOOK_POINT}

class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        calls = 0
        calls += 1
        return self.fc_hook_point(self.fc(x)) * calls
""",
        id="a counter is no value that changes in place",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        x = self.fc(x)
        return x.relu_()
""",
        f"""\
{AUTO}from torch import nn
{ROOT}{HOOK_POINT}

class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        auto_hook(self)  # caches values before they change in place

    def forward(self, x):
        x = self.fc_hook_point(self.fc(x))
        return x.relu_()
""",
        id="a method that changes in place",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="modules() in weight initialisation is no walk over children",
    ),
    pytest.param(
        '''\
#!/usr/bin/env python
"""A model."""
from __future__ import annotations

import math  # for pi

from torch import nn

SCALE = math.pi
import sys


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x) * SCALE
''',
        f'''\
#!/usr/bin/env python
"""A model."""
from __future__ import annotations

import math  # for pi

from torch import nn
{ROOT}{HOOK_POINT}
SCALE = math.pi
import sys


class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x)) * SCALE
''',
        id="imports follow the opening block",
    ),
    pytest.param(
        """\
import torch.nn as nn
from transformer_lens.hook_points import HookPoint as Point
from transformer_lens import HookedRootModule as Root


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)
""",
        """\
import torch.nn as nn
from transformer_lens.hook_points import HookPoint as Point
from transformer_lens import HookedRootModule as Root


class Net(Root, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = Point()
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="imports that stand already, under their alias",
    ),
    pytest.param(
        """\
from dataclasses import dataclass

from torch import nn


@dataclass(eq=False)
class Net(nn.Module):
    width: int = 8

    def __post_init__(self):
        super().__init__()
        self.fc = nn.Linear(self.width, self.width)

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
from dataclasses import dataclass

from torch import nn
{ROOT}{HOOK_POINT}

@dataclass(eq=False)
class Net(HookedRootModule, nn.Module):
    width: int = 8

    def __post_init__(self):
        super().__init__()
        self.fc = nn.Linear(self.width, self.width)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="a dataclass has no __init__ of its own",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        if wide:
            self.width = 8
            return
        self.width = 4

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Net(HookedRootModule, nn.Module):
    def __init__(self, wide):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        if wide:
            self.width = 8
            self.setup()
            return
        self.width = 4
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="an __init__ that returns early",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Linear(8, 8)
        self.right = nn.Linear(8, 8)

    def forward(self, x):
        for layer in (self.left, self.right):
            x = layer(x)
        return x
""",
        f"""\
{AUTO}from torch import nn
{ROOT}

class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Linear(8, 8)
        self.right = nn.Linear(8, 8)
        auto_hook(self)  # adds the hook points inside Net.left, Net.right

    def forward(self, x):
        for layer in (self.left, self.right):
            x = layer(x)
        return x
""",
        id="nothing but what the fallback hooks",
    ),
    pytest.param(
        """\
def build():
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)

        def forward(self, x):
            return self.fc(x)

    return Net
""",
        f"""\
{ROOT}{HOOK_POINT}def build():
    from torch import nn

    class Net(HookedRootModule, nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(8, 8)
            self.fc_hook_point = HookPoint()
            self.setup()

        def forward(self, x):
            return self.fc_hook_point(self.fc(x))

    return Net
""",
        id="a file without imports, a class that a function hands out",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)  # one
        # two

    # three
    def forward(self, x):  # four
        # five
        return self.fc(x)  # six
        # seven
    # eight
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)  # one
        self.fc_hook_point = HookPoint()
        self.setup()
        # two

    # three
    def forward(self, x):  # four
        # five
        return self.fc_hook_point(self.fc(x))  # six
        # seven
    # eight
""",
        id="comments everywhere",
    ),
    pytest.param(
        "from torch import nn\n\n\nclass Net(nn.Module):\n"
        "\tdef __init__(self):\n\t\tsuper().__init__()\n\t\tself.fc = nn.Linear(8, 8)\n\n"
        "\tdef forward(self, x):\n\t\treturn self.fc(x)",
        f"from torch import nn\n{ROOT}{HOOK_POINT}\n\nclass Net(HookedRootModule, nn.Module):\n"
        "\tdef __init__(self):\n\t\tsuper().__init__()\n\t\tself.fc = nn.Linear(8, 8)\n"
        "\t\tself.fc_hook_point = HookPoint()\n\t\tself.setup()\n\n"
        "\tdef forward(self, x):\n\t\treturn self.fc_hook_point(self.fc(x))",
        id="tabs, and no line end",
    ),
    pytest.param(
        "from torch import nn\r\n\r\n\r\nclass Net(nn.Module):\r\n"
        "  def __init__(self):\r\n    super().__init__()\r\n    self.fc = nn.Linear(8, 8)\r\n\r\n"
        "  def forward(self, x):\r\n    return self.fc(x)\r\n",
        "from torch import nn\r\n"
        + ROOT.replace("\n", "\r\n")
        + HOOK_POINT.replace("\n", "\r\n")
        + "\r\n\r\nclass Net(HookedRootModule, nn.Module):\r\n"
        "  def __init__(self):\r\n    super().__init__()\r\n    self.fc = nn.Linear(8, 8)\r\n"
        "    self.fc_hook_point = HookPoint()\r\n    self.setup()\r\n\r\n"
        "  def forward(self, x):\r\n    return self.fc_hook_point(self.fc(x))\r\n",
        id="two spaces, and carriage returns",
    ),
    pytest.param(
        """\
from torch import nn

Base = nn.Module


class Net(Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Starred(*[nn.Module]):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}
Base = nn.Module


class Net(HookedRootModule, Base):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Starred(HookedRootModule, *[nn.Module]):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="nn.Module under other names",
    ),
    pytest.param(
        """\
from torch import nn


class Options:
    def __init__(self, rank):
        self.rank = rank


class LowRank(nn.Linear, Options):
    def __init__(self):
        nn.Linear.__init__(self, 8, 8)
        Options.__init__(self, 2)
        self.a = nn.Linear(8, 8)

    def forward(self, x):
        return self.a(x)
""",
        f"""\
{AUTO}from torch import nn
{ROOT}{HOOK_POINT}

class Options:
    def __init__(self, rank):
        self.rank = rank


class LowRank(nn.Linear, HookedRootModule, Options):
    def __init__(self):
        nn.Linear.__init__(self, 8, 8)
        Options.__init__(self, 2)
        self.a = nn.Linear(8, 8)
        self.a_hook_point = HookPoint()
        auto_hook(self)  # HookedRootModule.__init__ is not called

    def forward(self, x):
        return self.a_hook_point(self.a(x))
""",
        id="a mixin behind a torch class is built as before",
    ),
    pytest.param(
        """\
from torch import nn


class Model(nn.Module):
    def __getattr__(self, name):
        return super().__getattr__(name)


class Settings:
    def __getattr__(self, name):
        raise AttributeError(name)


class Net(Model, Settings):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Model(nn.Module):
    def __getattr__(self, name):
        return super().__getattr__(name)


class Settings:
    def __getattr__(self, name):
        raise AttributeError(name)


class Net(HookedRootModule, Model, Settings):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
        id="as the first base, where the last place would change the order",
    ),
    pytest.param(
        """\
from functools import partialmethod

from torch import nn


class Scaled(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Doubled(Scaled):
    __init__ = partialmethod(Scaled.__init__, factor=2)


class Halved(Scaled):
    def __init__(self):
        return super().__init__(0.5)
""",
        f"""\
from functools import partialmethod

from torch import nn
{ROOT}{HOOK_POINT}

class Scaled(HookedRootModule, nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Doubled(Scaled):
    __init__ = partialmethod(Scaled.__init__, factor=2)


class Halved(Scaled):
    def __init__(self):
        return super().__init__(0.5)
""",
        id="an __init__ that cannot be ended: its base's is",
    ),
    pytest.param(
        """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Deep(Net):
    def __init__(self):
        super().__init__()
        self.width = 8


class Trainer:
    def __init__(self):
        self.net = Net()


MODELS = {"deep": Deep}
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Deep(Net):
    def __init__(self):
        super().__init__()
        self.width = 8
        self.setup()


class Trainer:
    def __init__(self):
        self.net = Net()


MODELS = {{"deep": Deep}}
""",
        id="used by a trainer and a table, and a base too",
    ),
    pytest.param(
        """\
from torch import nn


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, x):
        return self.encoder(x)


def build():
    encoder = Encoder()
    return Net(encoder)
""",
        f"""\
{AUTO}from torch import nn
{ROOT}{HOOK_POINT}

class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Net(HookedRootModule, nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        self.encoder_hook_point = HookPoint()
        auto_hook(self)  # adds the hook points inside Net.encoder

    def forward(self, x):
        return self.encoder_hook_point(self.encoder(x))


def build():
    encoder = Encoder()
    return Net(encoder)
""",
        id="a function makes a part and hands it to the model",
    ),
    pytest.param(
        """\
from torch import nn


class Up(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = Up("conv")

    def forward(self, x):
        return self.up(x)
""",
        f"""\
{AUTO}from torch import nn
{ROOT}{HOOK_POINT}

class Up(nn.Module):
    def __init__(self, name):
        super().__init__()
        self.name = name
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return self.fc_hook_point(self.fc(x))


class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.up = Up("conv")
        self.up_hook_point = HookPoint()
        auto_hook(self)  # setup() would write "name" into Up

    def forward(self, x):
        return self.up_hook_point(self.up(x))
""",
        id="a part has a name of its own",
    ),
    pytest.param(
        """\
from torch import nn


class Net[T: int](nn.Module):
    def __init__(self, width: T) -> None:
        super().__init__()
        self.fc = nn.Linear(width, 8)

    def forward(self, x):
        print(f"{x.shape[0]:{'>'}{4}} {f"{x.shape[1]}"}")
        return self.fc(x)
""",
        f"""\
from torch import nn
{ROOT}{HOOK_POINT}

class Net[T: int](HookedRootModule, nn.Module):
    def __init__(self, width: T) -> None:
        super().__init__()
        self.fc = nn.Linear(width, 8)
        self.fc_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        print(f"{{x.shape[0]:{{'>'}}{{4}}}} {{f"{{x.shape[1]}}"}}")
        return self.fc_hook_point(self.fc(x))
""",
        id="syntax newer than the running Python",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_roots(before: str, after: str) -> None:
    assert hook_source(before, PLAIN).code == after


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_second_pass_changes_nothing(before: str, after: str) -> None:
    assert hook_source(after, PLAIN).code == after


@pytest.mark.parametrize("fallback", list(Fallback))
@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_fallback_decides_the_last_line(before: str, after: str, fallback: Fallback) -> None:
    code = hook_source(before, Options(format=False, fallback=fallback)).code
    if "HookedRootModule" not in after or "as Root" in after or "self.name = name" in after:
        return
    assert ("auto_hook(self)" in code) == (
        fallback is Fallback.ALWAYS or (fallback is Fallback.AUTO and "auto_hook" in after)
    )


def notes_of(source: str, options: Options) -> dict[str, str]:
    return {note.code: note.message for note in hook_source(source, options).notes}


def row(name: str) -> str:
    return next(one.values[0] for one in PAIRS if one.id == name)


def test_without_the_fallback_a_name_is_not_overwritten() -> None:
    source = row("a part has a name of its own")
    hooked = hook_source(source, Options(format=False, fallback=Fallback.NEVER))
    assert "HookedRootModule" not in hooked.code
    messages = notes_of(source, Options(fallback=Fallback.NEVER))
    assert messages["no-root"] == (
        "Net is no root: setup() would write over the attribute 'name' of Up;"
        " auto_hook(model) makes one of any model"
    )


@pytest.mark.parametrize(
    ("imported", "made", "ends"),
    [
        ("transformers import AutoModel", "AutoModel.from_config(config)", "auto_hook(self)"),
        ("transformers.backbone_utils import load_backbone", "load_backbone(config)", "auto_hook(self)"),
        ("transformers import AutoBackbone", "AutoBackbone.from_config(config)", "auto_hook(self)"),
        ("timm.layers import SqueezeExcite", "SqueezeExcite(config.width)", "auto_hook(self)"),
        ("timm.layers import create_attn", "create_attn('se', config.width)", "auto_hook(self)"),
        ("timm.layers import DropPath", "DropPath(config.rate)", "self.setup()"),
        ("transformers.activations import ACT2FN", "ACT2FN[config.act]", "self.setup()"),
        ("transformers.pytorch_utils import Conv1D", "Conv1D(8, 8)", "self.setup()"),
    ],
)  # fmt: skip
def test_what_a_library_keeps_inside_is_left_to_the_fallback(
    imported: str, made: str, ends: str
) -> None:
    code = hook_source(
        f"""
from torch import nn
from {imported}


class Net(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.part = {made}

    def forward(self, x):
        return self.part(x)[0] * 2
""",
        PLAIN,
    ).code
    assert f"        {ends}" in code


def test_a_file_without_a_root_names_one() -> None:
    source = """
from torch import nn


class Net(nn.Module):
    def __init__(self, other):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.other = Other(self) if other is None else other

    def forward(self, x):
        return self.fc(x)


class Other(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = Net(self) if net is None else net

    def forward(self, x):
        return self.net(x)
"""
    assert "--root Net" in notes_of(source, PLAIN)["no-root"]
    assert "no-root" not in notes_of(source, Options(root=("Net",)))


def test_a_part_whose_submodules_have_names_that_are_worked_out() -> None:
    part = (
        "class Part(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        for i in range(2):\n            setattr(self, f'fc{i}', nn.Linear(8, 8))\n\n"
        "    def forward(self, x):\n        for i in range(2):\n"
        "            x = getattr(self, f'fc{i}')(x)\n        return x\n\n\nclass Model"
    )
    code = module("self.part = Part()\n--\nreturn self.part(x)").replace("class Model", part)
    assert "self.setup()" in hook_source(code).code


def test_a_base_of_a_library_calls_what_a_class_without_forward_holds() -> None:
    source = """
from torch import nn
from transformers import PreTrainedModel
from transformers.modeling_layers import GenericForSequenceClassification


class Encoder(nn.TransformerEncoder):
    def encode(self, x):
        return self(x)


class Base(PreTrainedModel):
    pass


class Layered(Base):
    def __init__(self, config):
        super().__init__(config)
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        return self.fc(x)


class Classifier(GenericForSequenceClassification, Base):
    pass
"""
    code = hook_source(source, Options(format=False)).code
    ends = [line.strip() for line in code.splitlines() if "setup()" in line or "# adds" in line]
    assert ends == [
        "auto_hook(self)  # adds the hook points inside Encoder",
        "self.setup()",
        "auto_hook(self)  # adds the hook points inside Classifier",
    ]


def test_a_class_without_an_init_ends_as_its_base_does() -> None:
    source = """
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(8, 8), nn.Tanh())

    def forward(self, x):
        return self.layers(x)


class Doubled(Net):
    def forward(self, x):
        return self.layers(x) * 2


def use(x):
    return Net()(x) + Doubled()(x)
"""
    hooked = hook_source(source, PLAIN)
    assert hooked.roots == ("Net", "Doubled")
    assert hooked.notes == ()
    assert [one.line for one in hooked.left_to_fallback] == [11, 16]


def test_what_comes_from_outside_keeps_its_place() -> None:
    """`ModelMixin` looks names up in `nn.Module`, before `ConfigMixin`, of which nothing is known."""
    tree = {
        "base.py": """\
from torch import nn
from ..hub import PushToHubMixin


class ModelMixin(nn.Module, PushToHubMixin):
    def __getattr__(self, name):
        return super().__getattr__(name)
""",
        "net.py": """\
from torch import nn
from .base import ModelMixin
from ..configuration import ConfigMixin


class Net(ModelMixin, ConfigMixin):
    def __init__(self, width):
        super().__init__(width)
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(x)
""",
    }
    code = hook_sources(tree)["net.py"].code
    assert "class Net(ModelMixin, HookedRootModule, ConfigMixin):" in code
