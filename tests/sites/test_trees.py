"""Several files at once: classes that inherit, create and hand over across files."""

from __future__ import annotations

import pytest

from autohook_codegen import Options, hook_sources

PLAIN = Options(format=False)

TREE = {
    "pkg/__init__.py": "from .model import Net\n",
    "pkg/layers.py": """\
from torch import nn


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)


class Block(Base):
    def forward(self, x):
        return self.fc(x)
""",
    "pkg/model.py": """\
from torch import nn

from .layers import Base, Block


class Head(Base):
    def forward(self, x):
        return self.fc(x) * 2


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.head = Head()

    def forward(self, x):
        return self.head(self.block(x))
""",
}

HOOKED = {
    "pkg/__init__.py": "from .model import Net\n",
    "pkg/layers.py": """\
from torch import nn
from transformer_lens.hook_points import HookPoint


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()


class Block(Base):
    def forward(self, x):
        return self.fc_hook_point(self.fc(x))
""",
    "pkg/model.py": """\
from torch import nn
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint

from .layers import Base, Block


class Head(Base):
    def forward(self, x):
        return self.fc_hook_point(self.fc(x)) * 2


class Net(HookedRootModule, nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.block_hook_point = HookPoint()
        self.head = Head()
        self.head_hook_point = HookPoint()
        self.setup()

    def forward(self, x):
        return self.head_hook_point(self.head(self.block_hook_point(self.block(x))))
""",
}


def test_tree() -> None:
    assert {path: hooked.code for path, hooked in hook_sources(TREE, PLAIN).items()} == HOOKED


def test_a_second_pass_changes_nothing() -> None:
    assert {path: hooked.code for path, hooked in hook_sources(HOOKED, PLAIN).items()} == HOOKED


FACTORY = {
    "auto.py": """\
class _Factory:
    @classmethod
    def from_config(cls, config):
        for known in cls.table:
            if type(config) in known:
                return known[type(config)](config)
        raise ValueError(config)


class AutoModel(_Factory):
    table = ()


class Reader:
    @classmethod
    def from_config(cls, config):
        return cls(config)
""",
    "model.py": """\
from torch import nn

from .auto import AutoModel, Reader


class Net(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.text = AutoModel.from_config(config)
        self.reader = Reader.from_config(config)

    def forward(self, x):
        x = self.reader(x)
        out = self.text(x)
        return out.last_hidden_state
""",
}


def test_a_factory_of_the_input_that_is_no_module() -> None:
    hooked = hook_sources(FACTORY, PLAIN)["model.py"].code
    assert hooked.endswith("""\
        self.text = AutoModel.from_config(config)
        self.text_hook_point = HookPoint()
        self.reader = Reader.from_config(config)
        auto_hook(self)  # adds the hook points inside Net.text

    def forward(self, x):
        x = self.reader(x)
        out = self.text(x)
        return self.text_hook_point(out.last_hidden_state)
""")


OTHER_FORWARD = {
    "base.py": """\
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, x):
        return self.layer(x) + x
""",
    "later.py": """\
from torch import nn

from .base import Net


class Pair(nn.Module):
    def forward(self, x):
        return x, x


class Twice(Net):
    def __init__(self):
        super().__init__()
        self.layer = Pair()

    def forward(self, x):
        left, right = self.layer(x)
        return left + right
""",
}


def test_a_subclass_with_a_forward_of_its_own_says_nothing_of_its_base() -> None:
    hooked = hook_sources(OTHER_FORWARD, PLAIN)
    assert "return self.layer_hook_point(self.layer(x)) + x" in hooked["base.py"].code
    assert "left = self.layer_hook_point(left)" in hooked["later.py"].code


INSIDE = {
    "one/modeling.py": """\
from torch import nn


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(2, 2)

    def forward(self, x):
        return self.up(x)
""",
    "two/modeling.py": """\
from torch import nn

from ...models.one.modeling import Mlp


class Twice(Mlp):
    def forward(self, x):
        return self.up(x) * 2
""",
}


def test_imports_that_climb_out_of_the_tree_and_come_back() -> None:
    """The tree is the inside of `models`, a package in another one."""
    hooked = {path: one.code for path, one in hook_sources(INSIDE, PLAIN).items()}
    assert "self.up_hook_point(self.up(x)) * 2" in hooked["two/modeling.py"]
    assert "HookPoint()" not in hooked["two/modeling.py"]  # Mlp's own serves
    again = {path: one.code for path, one in hook_sources(hooked, PLAIN).items()}
    assert again == hooked


def test_a_file_named_as_a_part_of_torch() -> None:
    tree = {
        "nn.py": """\
import torch.nn as nn
import torch.nn.functional as F
from torch.nn import *


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 8))


class Masked(nn.Linear):
    def forward(self, x):
        return F.linear(x, self.mask * self.weight)
""",
    }
    code = hook_sources({**tree, "other.py": ""}, PLAIN)["nn.py"].code
    masked = code[code.index("class Masked") :]
    assert "self.weight_hook_point = HookPoint()" in masked


def test_a_file_may_have_the_name_of_the_package_that_it_stands_in() -> None:
    """The tree is the inside of ``net``, which its own files import by that name."""
    tree = {
        "__init__.py": "from net.net import Net\n",
        "layers.py": """\
from torch import nn


class Pair(nn.Module):
    def forward(self, x):
        return x.sin(), x.cos()
""",
        "net.py": """\
from torch import nn

from net.layers import Pair


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pair = Pair()

    def forward(self, x):
        a, b = self.pair(x)
        return b
""",
    }
    hooked = hook_sources(tree, PLAIN)
    assert "        b = self.pair_hook_point(b)\n" in hooked["net.py"].code


LAYER = """\
from torch import nn
{imports}

class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return self.fc(x)
"""
NET = """\
from {module} import *
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = Layer()

    def forward(self, x):
        return self.layer(x).relu()
"""


@pytest.mark.parametrize(
    "stars",
    [
        pytest.param({"first": ["net"]}, id="of each other"),
        pytest.param({"net": ["net"], "first": []}, id="of itself"),
        pytest.param({"first": ["second"], "second": ["first", "net"]}, id="of each other, below"),
        pytest.param({"first": ["second"], "second": ["third"], "third": ["first"]}, id="of three"),
    ],
)
def test_star_imports_in_a_circle(stars: dict[str, list[str]]) -> None:
    files = {
        f"{name}.py": "".join(f"from {one} import *\n" for one in its) + "missing(len)\n"
        for name, its in stars.items()
    }
    last = next(reversed(stars))
    imports = "".join(f"from {one} import *\n" for one in stars[last])
    files[f"{last}.py"] = LAYER.format(imports=imports)
    first = next(one for one in stars if one != "net")
    files["net.py"] = NET.format(module=first)
    code = hook_sources(files, PLAIN)["net.py"].code
    assert "self.layer_hook_point(self.layer(x))" in code


STARRED = """\
from {module} import *


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 8)])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x
"""


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"near": "import torch.nn as nn\n"}, id="imports it"),
        pytest.param({"near": "from far import *\n", "far": "from torch import nn\n"}, id="of two"),
        pytest.param({}, id="outside"),
    ],
)
def test_nn_by_a_star_import(files: dict[str, str]) -> None:
    texts = {f"{name}.py": text for name, text in files.items()}
    hooked = hook_sources({**texts, "net.py": STARRED.format(module="near")}, PLAIN)["net.py"]
    assert "self.layers_hook_points = nn.ModuleList([" in hooked.code
    assert "class Net(HookedRootModule, nn.Module):" in hooked.code
    assert "self.setup()" in hooked.code
    assert not hooked.notes
