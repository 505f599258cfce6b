"""Functions and objects that are handed a module and call into it."""

from __future__ import annotations

import pytest

from autohook_codegen import Fallback, Options, hook_source
from tests.sites.snippets import BARE

HEAD = "import torch\nfrom torch import nn\n"
IMPORT = "from transformer_lens.hook_points import HookPoint\n"

PAIRS = [
    pytest.param(
        """

def run(module, x):
    return module.fc(x) + module.bias


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.bias = nn.Parameter(torch.zeros(8))

    def forward(self, x):
        return run(self, x)
""",
        """

def run(module, x):
    return module.bias_hook_point(module.fc_hook_point(module.fc(x)) + module.bias)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()
        self.bias = nn.Parameter(torch.zeros(8))
        self.bias_hook_point = HookPoint()

    def forward(self, x):
        return run(self, x)
""",
        id="a function",
    ),
    pytest.param(
        """

class Processor:
    def __call__(self, attn, x):
        return attn.to_out(attn.to_q(x))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.to_q = nn.Linear(8, 8)
        self.to_out = nn.Linear(8, 8)
        self.processor = Processor()

    def forward(self, x):
        return self.processor(self, x)
""",
        """

class Processor:
    def __call__(self, attn, x):
        return attn.to_out_hook_point(attn.to_out(attn.to_q_hook_point(attn.to_q(x))))


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.to_q = nn.Linear(8, 8)
        self.to_q_hook_point = HookPoint()
        self.to_out = nn.Linear(8, 8)
        self.to_out_hook_point = HookPoint()
        self.processor = Processor()

    def forward(self, x):
        return self.processor(self, x)
""",
        id="an attention processor",
    ),
    pytest.param(
        """

def run(module, x):
    return module.fc(x)


class Left(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return run(self, x)


class Right(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()

    def forward(self, x):
        return run(self, x)
""",
        """

def run(module, x):
    return module.fc_hook_point(module.fc(x))


class Left(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return run(self, x)


class Right(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Identity()
        self.fc_hook_point = HookPoint()

    def forward(self, x):
        return run(self, x)
""",
        id="two classes",
    ),
]

UNTOUCHED = [
    pytest.param(
        """

def run(module, x):
    return module.fc(x)


class Left(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return run(self, x)


class Right(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = lambda x: x

    def forward(self, x):
        return run(self, x)
""",
        id="one of the classes has no such module",
    ),
    pytest.param(
        """

def run(module, x):
    return module.fc(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return x
""",
        id="nobody hands it a module",
    ),
]


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_handed(before: str, after: str) -> None:
    assert hook_source(HEAD + before, BARE).code == HEAD + IMPORT + after


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_handed_twice(before: str, after: str) -> None:
    assert hook_source(HEAD + IMPORT + after, BARE).code == HEAD + IMPORT + after


@pytest.mark.parametrize("code", UNTOUCHED)
def test_untouched(code: str) -> None:
    assert hook_source(HEAD + code, BARE).code == HEAD + code


LEFT = [
    pytest.param("y = list(map(self.a, x))", "a is passed on to map", id="map"),
    pytest.param("y = outside(self.a, x)", "a is passed on to outside", id="code outside"),
    pytest.param("y = apply(self.a, x)", "a is passed on to apply", id="a function"),
    pytest.param("y = apply(x=x, fn=self.a)", "a is passed on to apply", id="by name"),
    pytest.param("y = self.through(self.a, x)", "a is passed on to self.through", id="a method"),
    pytest.param("y = self.taker(self.a, x)", "a is passed on to self.taker", id="a module"),
    pytest.param("y = Runner(self.a)(x)", "a is passed on to Runner", id="an object"),
    pytest.param("y = self.runner(x)", "b is passed on to Runner", id="an object that is kept"),
    pytest.param("y = self.later(x)", "b is passed on to deferred", id="an inner function"),
    pytest.param("y = first_of(self.all, x)", "all is passed on to first_of", id="a container"),
    pytest.param("y = self.unpacker(x, self.all)", "all is passed on to self.unpacker", id="a container, to a module"),
    pytest.param("y = self.taker(self.both, x)", "both is passed on to self.taker", id="a Sequential"),
    pytest.param("y = apply(self.maybe, x)", "maybe is passed on to apply", id="one that may be None"),
    pytest.param("y = twice(self.a, x)", "a is passed on to twice", id="through another function"),
    pytest.param("y = functools.reduce(call, self.all, x)", "all is passed on to functools.reduce", id="a list"),
]  # fmt: skip
HANDING = """\
import functools

from elsewhere import outside
from torch import nn


def apply(fn, x):
    return fn(x) * 2


def twice(fn, x):
    return apply(fn, x)


def first_of(modules, x):
    return modules[0](x)


def deferred(fn):
    def run(x):
        return fn(x)

    return run


class Runner:
    def __init__(self, fn):
        self.fn = fn

    def __call__(self, x):
        return self.fn(x)


class Taker(nn.Module):
    def forward(self, fn, x):
        return fn(x)


class Unpacker(nn.Module):
    def forward(self, x, modules):
        down, up = modules
        return up(down(x))


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.taker = Taker()
        self.unpacker = Unpacker()
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)
        self.maybe = nn.Linear(8, 8) if width else None
        self.both = nn.Sequential(nn.Linear(8, 8), nn.ReLU())
        self.all = nn.ModuleList([nn.Linear(8, 8)])
        self.{made}

    def through(self, fn, x):
        return fn(x)

    def forward(self, x, call):
        {call}
        return y
"""


@pytest.mark.parametrize(("call", "said"), LEFT)
def test_what_is_handed_on_is_left_to_the_fallback(call: str, said: str) -> None:
    made = "later = deferred(self.b)" if "later" in call else "runner = Runner(self.b)"
    source = HANDING.format(call=call, made=made)
    hooked = hook_source(source, Options(format=False))
    assert any(
        one.message == f"{said}; auto_hook(self) hooks it" for one in hooked.left_to_fallback
    )
    assert "auto_hook(self)  # adds the hook points inside Net." in hooked.code
    notes = hook_source(source, Options(fallback=Fallback.NEVER)).notes
    assert any(one.message.startswith(f"{said};") for one in notes)


MIXED = """

class Net(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.b = nn.Linear(2, 2)
        self.first = first

    def forward(self, x):
        one = {one}
        return self.run(x, one)

    def run(self, x, module):
        return module(x)
"""


@pytest.mark.parametrize(
    "one", ["self.a if self.first else self.b", "[self.a, x, self.b][self.first]"]
)
def test_one_of_several_that_is_handed_on(one: str) -> None:
    hooked = hook_source(HEAD + MIXED.replace("{one}", one), Options(format=False))
    (note,) = hooked.left_to_fallback
    assert note.message == "one is passed on to self.run; auto_hook(self) hooks it"
    assert "auto_hook(self)  # adds the hook points inside Net." in hooked.code


def test_what_nobody_calls_is_not_handed_on() -> None:
    source = HANDING.format(call="y = self.a(x)", made="name = str(self.b)")
    assert hook_source(source, BARE).notes == ()


@pytest.mark.parametrize("kept", ["[F.relu, torch.tanh]", "[lambda y: y, str]", "[1, 2]"])
def test_a_list_without_modules_is_not_handed_on(kept: str) -> None:
    source = HANDING.format(call="y = functools.reduce(call, self.kept, x)", made=f"kept = {kept}")
    source = f"import torch\nimport torch.nn.functional as F\n{source}"
    assert not hook_source(source, Options(format=False)).left_to_fallback


DELEGATES = """

class Wrapper(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("module"), name)

    def forward(self, x):
        return self.module(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Wrapper(nn.Linear(2, 2))

    def forward(self, x):
        return self.body.proj(self.body(x))
"""


def test_what_an_attribute_is_looked_up_in_has_names_of_its_own() -> None:
    code = hook_source(HEAD + DELEGATES, Options(format=False)).code
    assert "auto_hook(self)  # adds the hook points inside Net.body\n" in code
