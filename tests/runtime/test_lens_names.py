"""TransformerLens's own names, on any model whose roles are found."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from torch import Tensor, nn
from transformer_lens import ActivationCache, HookedRootModule
from transformer_lens.hook_points import HookPoint
from transformer_lens.utilities import get_act_name  # type: ignore[attr-defined]

from tests.runtime.activation_models import NAMES, activation_model

ATTENTION = "q k v attn_scores pattern z"
STREAM = "resid_pre resid_mid resid_post"
ROLES = {
    "gpt": ("h.{}", f"{STREAM} attn_out mlp_out", {"attn": ATTENTION, "mlp": "pre post"}),
    "llama": (
        "layers.{}",
        f"{STREAM} attn_out mlp_out",
        {"self_attn": f"{ATTENTION} rot_q rot_k", "mlp": "pre pre_linear post"},
    ),
    "interface": (
        "layers.{}",
        f"{STREAM} attn_out mlp_out",
        {"self_attn": ATTENTION, "mlp": "pre pre_linear post"},
    ),
    "encoder_decoder": (
        "layers.{}",
        f"{STREAM} resid_mid_cross attn_out cross_attn_out mlp_out",
        {"self_attn": ATTENTION, "cross_attn": ATTENTION, "": "pre post"},
    ),
    "vit": ("transformer.layers.{}", "", {"0": ATTENTION}),
    "bert": ("layer.{}", "", {"attention": ATTENTION, "": "pre post"}),
}
PLACES = {"self_attn": "attn", "attention": "attn", "0": "attn", "": "mlp"}


def expected_names(name: str) -> dict[str, str]:
    """TransformerLens's, and the hook points' own."""
    path, stream, parts = ROLES[name]
    names = {}
    for number in (0, 1):
        block = path.format(number)
        for role in stream.split():
            names[f"blocks.{number}.hook_{role}"] = f"{block}.{role}_hook_point"
        for part, roles in parts.items():
            for role in roles.split():
                own = f"{block}.{part}.{role}_hook_point".replace("..", ".")
                names[f"blocks.{number}.{PLACES.get(part, part)}.hook_{role}"] = own
        if name == "vit":
            for role in STREAM.split():
                own = f"transformer.{role}_hook_points.{number}"
                names[f"blocks.{number}.hook_{role}"] = own
        if name == "bert":
            for role, part in (("mid", "attention_output"), ("post", "output")):
                own = f"{block}.{part}.resid_post_hook_point"
                names[f"blocks.{number}.hook_resid_{role}"] = own
    return names


@pytest.mark.parametrize("name", NAMES)
def test_every_role_has_its_name(name: str) -> None:
    model, inputs = activation_model(name)
    model = auto_hook(model)
    _, cache = model.run_with_cache(*inputs)
    names = expected_names(name)
    for lens, own in names.items():
        assert model.hook_dict[lens] is model.hook_dict[own]
        assert lens in model.hook_dict
        assert lens in cache
        assert torch.equal(cache[lens], cache[own])
    assert set(model.hook_dict.other_names.lens.names) == set(names)
    assert not set(names) & set(cache)
    assert not set(names) & set(model.hook_dict)


@pytest.mark.parametrize("name", [*NAMES, "experts"])
def test_hook_points_may_be_named_as_transformer_lens_does(name: str) -> None:
    """`--name "hook_{name}"` gives the same names, to the same tensors."""
    default, inputs = activation_model(name)
    lens, _ = activation_model(name, ".hook_name.hooked")
    default, lens = auto_hook(default), auto_hook(lens, name="hook_{name}")
    (_, expected), (_, cache) = (each.run_with_cache(*inputs) for each in (default, lens))
    names = default.hook_dict.other_names.lens.names
    assert lens.hook_dict.other_names.lens.names.keys() == names.keys()
    assert len(lens.hook_dict) == len(default.hook_dict)
    for each in names:
        assert (each in cache) is (each in expected)
        assert each not in cache or torch.equal(cache[each], expected[each])


def test_experts_of_a_file() -> None:
    model, inputs = activation_model("experts")
    _, cache = auto_hook(model).run_with_cache(*inputs)
    own = cache["blocks.1.moe.expert_weights_hook_point"]
    assert torch.equal(cache["expert_weights", 1, "mlp"], own)
    own = cache["blocks.1.moe.experts.2.post_hook_point"]
    assert torch.equal(cache["blocks.1.mlp.experts.2.hook_post"], own)


@pytest.mark.parametrize("name", NAMES)
def test_hooks_and_filters_take_them(name: str) -> None:
    model, inputs = activation_model(name)
    model = auto_hook(model)
    before = model(*inputs)
    own = expected_names(name)["blocks.1.attn.hook_pattern"]
    wanted: list[Any] = [
        "blocks.1.attn.hook_pattern",
        ["blocks.1.attn.hook_pattern"],
        get_act_name("pattern", 1),
        ("pattern", 1),
        [("pattern", -1)],
        lambda name: name == "blocks.1.attn.hook_pattern",
        re.compile(r"blocks\.1\.attn\.hook_pattern$"),
        "blocks.1.attn.*pattern",
    ]
    for each in wanted:
        _, cache = model.run_with_cache(*inputs, names_filter=each)
        assert list(cache) == [own]
    edited = model.run_with_hooks(*inputs, fwd_hooks=[(own, zeroed)])
    assert not torch.equal(edited, before)
    for each in wanted:
        assert torch.equal(model.run_with_hooks(*inputs, fwd_hooks=[(each, zeroed)]), edited)
    with model.hooks(fwd_hooks=[(get_act_name("pattern", 1), zeroed)]):
        assert torch.equal(model(*inputs), edited)
    seen: list[Tensor] = []
    hooks = [(get_act_name("resid_post", 0), lambda gradient, hook: seen.append(gradient))]
    with model.hooks(bwd_hooks=hooks):
        model(*inputs).sum().backward()
    assert seen


def zeroed(value: Tensor, hook: Any) -> Tensor:
    return value * 0


@pytest.mark.parametrize("name", ["gpt", "llama"])
def test_a_notebook_runs_unchanged(name: str) -> None:
    """TransformerLens's own cache, shorthands, filters by the end of a name, gradients."""
    model, inputs = activation_model(name)
    model = auto_hook(model)
    output, own = model.run_with_cache(*inputs)
    cache = ActivationCache(own, model)
    for layer in (0, 1, -1):
        pattern = cache["pattern", layer]
        assert torch.equal(pattern, cache[f"blocks.{layer % 2}.attn.hook_pattern"])
        torch.testing.assert_close(pattern.sum(-1), torch.ones(2, 4, 6))
        assert torch.equal(own["resid_post", layer], cache["resid_post", layer])
    assert torch.equal(cache["post", 1, "mlp"], own["post1"])
    assert cache.has_embed
    assert cache["embed"].shape == (2, 6, 32)
    mid = cache["resid_pre", 1] + cache["attn_out", 1]
    torch.testing.assert_close(cache["resid_mid", 1], mid)
    _, filtered = model.run_with_cache(
        *inputs, names_filter=lambda name: name.endswith("hook_pattern")
    )
    assert len(filtered) == 2
    _, with_gradients = model.run_with_cache(
        *inputs, names_filter=lambda name: "resid_mid" in name, incl_bwd=False
    )
    assert "blocks.0.hook_resid_mid" in with_gradients

    def ablate_head(z: Tensor, hook: HookPoint) -> Tensor:
        assert hook.layer() == 1  # type: ignore[no-untyped-call]
        z[:, 0] = 0
        return z

    edited = model.run_with_hooks(*inputs, fwd_hooks=[(get_act_name("z", 1), ablate_head)])
    assert not torch.equal(edited, output)


def test_gradients_have_them_too() -> None:
    model, inputs = activation_model("gpt")
    model = auto_hook(model)
    cache, fwd, bwd = model.get_caching_hooks(["blocks.0.hook_resid_mid"], incl_bwd=True)
    with model.hooks(fwd, bwd):
        model(*inputs).sum().backward()
    assert cache["blocks.0.hook_resid_mid_grad"].shape == (2, 6, 32)


EMBEDDINGS = {
    "gpt": {"hook_embed": "wte", "hook_pos_embed": "wpe", "unembed": "lm_head"},
    "llama": {"hook_embed": "embed_tokens", "unembed": "lm_head"},
    "interface": {"hook_embed": "embed_tokens"},
    "encoder_decoder": {"hook_embed": "embed"},
    "vit": {"unembed": "head"},
    "bert": {"hook_embed": "word_embeddings", "hook_pos_embed": "position_embeddings"},
}


@pytest.mark.parametrize("name", EMBEDDINGS)
@pytest.mark.parametrize("way", ["cache", "hooks", "caching"])
def test_the_first_run_finds_the_embeddings(name: str, way: str) -> None:
    model, inputs = activation_model(name)
    model = auto_hook(model)
    found = EMBEDDINGS[name]
    for lens in set(found) - {f"hook_{own}" for own in found.values()}:
        with pytest.raises(KeyError, match="the first run finds it"):
            model.hook_dict[lens]
    if way == "cache":
        model.run_with_cache(*inputs, names_filter=[])
    elif way == "hooks":
        model.run_with_hooks(*inputs)
    else:
        with model.caching():
            model(*inputs)
    for lens, own in found.items():
        assert model.hook_dict[lens] is model.hook_dict[f"{own}_hook_point"]
    _, cache = model.run_with_cache(*inputs, names_filter=list(found))
    assert set(cache) == {f"{own}_hook_point" for own in found.values()}
    for lens in {"hook_embed", "hook_pos_embed", "unembed"} - set(found):
        assert lens not in model.hook_dict


def test_a_run_that_was_stopped_shows_too_little() -> None:
    model, inputs = activation_model("gpt")
    model = auto_hook(model)
    model.run_with_cache(*inputs, stop_at="blocks.0.hook_resid_mid")
    assert "unembed" not in model.hook_dict
    model.run_with_cache(*inputs)
    assert model.hook_dict["unembed"] is model.lm_head_hook_point


class Token(nn.Module):
    """Embeddings as BERT has them, positions last."""

    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(9, 4)
        self.types = nn.Embedding(2, 4)
        self.places = nn.Embedding(9, 4)
        self.layers = nn.ModuleList([Block() for _ in range(2)])

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids) + self.types(torch.zeros_like(ids))
        x = x + self.places(torch.arange(ids.size(1)))
        for layer in self.layers:
            x = layer(x)
        return x


class Points(nn.Module):
    """Has hook points with these names."""

    def __init__(self, roles: str) -> None:
        super().__init__()
        for role in roles.split():
            setattr(self, f"{role}_hook_point", HookPoint())

    def forward(self, x: Tensor) -> Tensor:
        for child in self.children():
            x = child(x)
        return x


class Block(nn.Module):
    def __init__(self, roles: str = "resid_pre resid_mid resid_post", **parts: nn.Module) -> None:
        super().__init__()
        for role in roles.split():
            setattr(self, f"{role}_hook_point", HookPoint())
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Tensor:
        for child in self.children():
            if not isinstance(child, nn.ModuleList):
                x = child(x)
        return x


def attention() -> Points:
    return Points("q k v pattern z")


def mlp() -> Points:
    return Points("pre post")


def layers(make: Any) -> nn.ModuleList:
    return nn.ModuleList([make() for _ in range(2)])


class Root(HookedRootModule):
    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.setup()  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        return x


def names_of(**parts: nn.Module) -> dict[str, str]:
    model: Any = auto_hook(Root(**parts))
    names: dict[str, str] = model.hook_dict.other_names.lens.names
    return {name: own for name, own in names.items() if ".1." in name}


def test_token_types_are_no_positions() -> None:
    model: Any = auto_hook(Token())
    model.run_with_hooks(torch.tensor([[3, 1, 4, 1]]))
    assert model.hook_dict["hook_embed"].name == "words.hook_point"
    assert model.hook_dict["hook_pos_embed"].name == "places.hook_point"


def test_encoder_and_decoder() -> None:
    crossing = "resid_pre resid_mid resid_mid_cross resid_post"
    names = names_of(
        first=nn.ModuleDict({"block": layers(lambda: Block(attn=attention(), mlp=mlp()))}),
        second=layers(lambda: Block(crossing, one=attention(), two=attention(), ff=mlp())),
    )
    assert names["encoder.1.attn.hook_pattern"] == "first.block.1.attn.pattern_hook_point"
    assert names["encoder.1.mlp.hook_pre"] == "first.block.1.mlp.pre_hook_point"
    assert names["decoder.1.attn.hook_z"] == "second.1.one.z_hook_point"
    assert names["decoder.1.cross_attn.hook_z"] == "second.1.two.z_hook_point"
    assert names["decoder.1.hook_resid_mid_cross"] == "second.1.resid_mid_cross_hook_point"


def test_a_decoder_is_known_by_its_two_attentions() -> None:
    names = names_of(
        encoder=layers(lambda: Block(attn=attention(), mlp=mlp())),
        decoder=layers(lambda: Block(one=attention(), two=attention(), mlp=mlp())),
    )
    assert names["encoder.1.attn.hook_z"] == "encoder.1.attn.z_hook_point"
    assert names["decoder.1.mlp.hook_post"] == "decoder.1.mlp.post_hook_point"
    assert "decoder.1.attn.hook_z" not in names  # nothing says which is which


def test_parts_in_a_list_as_T5_has_them() -> None:  # noqa: N802
    def block() -> Block:
        parts = [
            Block("attn_out resid_pre resid_post", SelfAttention=attention()),
            Block("mlp_out resid_post", Dense=mlp()),
        ]
        return Block("", layer=nn.ModuleList(parts))

    names = names_of(block=layers(block))
    assert names == {
        "blocks.1.hook_resid_pre": "block.1.layer.0.resid_pre_hook_point",
        "blocks.1.hook_attn_out": "block.1.layer.0.attn_out_hook_point",
        "blocks.1.hook_resid_mid": "block.1.layer.0.resid_post_hook_point",
        "blocks.1.hook_mlp_out": "block.1.layer.1.mlp_out_hook_point",
        "blocks.1.hook_resid_post": "block.1.layer.1.resid_post_hook_point",
        **{
            f"blocks.1.attn.hook_{role}": f"block.1.layer.0.SelfAttention.{role}_hook_point"
            for role in ("q", "k", "v", "pattern", "z")
        },
        "blocks.1.mlp.hook_pre": "block.1.layer.1.Dense.pre_hook_point",
        "blocks.1.mlp.hook_post": "block.1.layer.1.Dense.post_hook_point",
    }


@pytest.mark.parametrize(
    ("parts", "mid", "post"),
    [
        ({"attn": "z resid_post", "ffn": "pre post"}, "attn.", ""),
        ({"attn": "z", "ffn": "pre post resid_post"}, "", "ffn."),
    ],
)
def test_the_block_adds_one_branch_and_a_part_the_other(
    parts: dict[str, str], mid: str, post: str
) -> None:
    made = {name: Points(roles) for name, roles in parts.items()}
    names = names_of(layers=nn.ModuleList([Block(), Block("resid_post", **made)]))
    assert names["blocks.1.hook_resid_mid"] == f"layers.1.{mid}resid_post_hook_point"
    assert names["blocks.1.hook_resid_post"] == f"layers.1.{post}resid_post_hook_point"


def test_experts() -> None:
    def moe() -> Block:
        return Block("expert_weights expert_indices", experts=layers(mlp))

    names = names_of(layers=layers(lambda: Block(attn=attention(), ff=moe())))
    assert names["blocks.1.mlp.hook_expert_weights"] == "layers.1.ff.expert_weights_hook_point"
    assert names["blocks.1.mlp.experts.0.hook_post"] == "layers.1.ff.experts.0.post_hook_point"
    assert "blocks.1.mlp.hook_post" not in names


def test_the_block_holds_its_attention_itself() -> None:
    names = names_of(layers=layers(lambda: Block("resid_post q z pre post")))
    assert names["blocks.1.attn.hook_q"] == "layers.1.q_hook_point"
    assert names["blocks.1.mlp.hook_post"] == "layers.1.post_hook_point"


def test_names_as_TransformerLens_writes_them() -> None:  # noqa: N802
    block = Block("")
    block.hook_resid_post = HookPoint()
    block.attn = nn.Module()
    block.attn.hook_z, block.attn.hook_pattern = HookPoint(), HookPoint()
    names = names_of(layers=nn.ModuleList([Block(), block]))
    assert names["blocks.1.attn.hook_pattern"] == "layers.1.attn.hook_pattern"
    assert names["blocks.1.hook_resid_post"] == "layers.1.hook_resid_post"


def test_words_alone_are_no_roles() -> None:
    """A Q-network's `q` stands beside no `z`, and nothing is a block without a stream."""
    assert names_of(layers=layers(lambda: Points("q k v pattern pre post"))) == {}
    names = names_of(layers=layers(lambda: Block(critic=Points("q"))))
    assert not [name for name in names if name.endswith("_q")]


WHY = {
    "two towers": (
        {"text": layers(Block), "image": layers(Block)},
        "blocks.0.hook_resid_post",
        "the blocks may be those of text or image",
    ),
    "stages": (
        {"stages": layers(lambda: Block("", blocks=layers(Block)))},
        "blocks.0.hook_resid_post",
        r"may be those of stages\.0\.blocks or stages\.1\.blocks",
    ),
    "no stream": (
        {"layers": layers(attention)},
        "blocks.0.attn.hook_q",
        "no member of a container holds the role 'resid_post'",
    ),
    "a role is missing": (
        {"layers": layers(lambda: Block(attn=attention()))},
        "blocks.1.attn.hook_attn_scores",
        "no hook point in 'layers.1' has the role 'attn_scores'",
    ),
    "a layer is missing": (
        {"layers": layers(Block)},
        "blocks.2.hook_resid_post",
        "there are 2 blocks",
    ),
    "no role": ({"layers": layers(Block)}, "blocks.1.ln1.hook_scale", "'scale' is no role"),
}


@pytest.mark.parametrize(("parts", "name", "why"), WHY.values(), ids=WHY)
def test_an_error_says_what_is_missing(parts: Any, name: str, why: str) -> None:
    model: Any = auto_hook(Root(**parts))
    for ask in (
        lambda: model.hook_dict[name],
        lambda: model.add_hook(name, zeroed),
        lambda: model.run_with_hooks(torch.zeros(1), fwd_hooks=[(name, zeroed)]),
    ):
        with pytest.raises(KeyError, match=why):
            ask()
    with pytest.warns(UserWarning, match=why):
        model.run_with_cache(torch.zeros(1), names_filter=name)


def test_a_hook_points_own_name_comes_first() -> None:
    class Own(Root):
        def __init__(self) -> None:
            super().__init__(layers=layers(Block), blocks=nn.ModuleList([nn.Module()]))
            self.blocks[0].hook_resid_post = HookPoint()
            self.setup()  # type: ignore[no-untyped-call]

    model: Any = auto_hook(Own())
    own = model.hook_dict["blocks.0.hook_resid_post"]
    assert own is model.blocks[0].hook_resid_post
