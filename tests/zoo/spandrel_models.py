"""The architectures of spandrel that restore and enlarge images, small."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import Any

from torch import nn

from tests.zoo.recipes import Recipe, floats, recipe_model, recipe_names
from tests.zoo.torchvision_operators import declare_operators

TRANSFORMER: dict[str, Any] = {"embed_dim": 12, "depths": (2, 2), "num_heads": (2, 2)}
SIZED: dict[str, Any] = {**TRANSFORMER, "img_size": 16, "window_size": 8}
ENLARGING: dict[str, Any] = {"upscale": 2, "upsampler": "pixelshuffle"}
FOLDED: dict[str, Any] = {"embed_dim": 12, "depth": [2], "num_heads": [2], "img_size": 16}
OPTIONS: dict[str, dict[str, Any]] = {
    "ATD.ATD": {**SIZED, **ENLARGING, "category_size": 32, "num_tokens": 8, "reducted_dim": 4},
    "CRAFT.CRAFT": {"embed_dim": 12, "depths": [2], "num_heads": [2]},
    "Compact.Compact": {"num_feat": 16, "num_conv": 4},
    "DAT.DAT": {**FOLDED, "embed_dim": 16, "split_size": [2, 4]},
    "DITN.DITN": {"dim": 12, "ITL_blocks": 1, "SAL_blocks": 1},
    "DRCT.DRCT": {**SIZED, **ENLARGING, "depths": (2,), "num_heads": (2,), "gc": 8},
    "DRUNet.DRUNet": {"in_nc": 3, "out_nc": 3, "nc": [8, 16, 16, 16], "nb": 1},
    "DnCNN.DnCNN": {"in_nc": 3, "out_nc": 3, "nc": 16, "nb": 4},
    "ESRGAN.ESRGAN": {"num_filters": 16, "num_blocks": 2},
    "FDAT.FDAT": {"embed_dim": 16, "num_groups": 1, "depth_per_group": 2, "mid_dim": 16},
    "FFTformer.FFTformer": {"dim": 8, "num_blocks": [1, 1, 1], "num_refinement_blocks": 1},
    "GRL.GRL": {
        "img_size": 16, "embed_dim": 12, "depths": [2], "num_heads_window": [2],
        "num_heads_stripe": [2],
    },
    "HAT.HAT": {**SIZED, **ENLARGING, "squeeze_factor": 4},
    "HVICIDNet.HVICIDNet": {"channels": [8, 8, 16, 32]},
    "KBNet.KBNet_s": {
        "width": 8, "middle_blk_num": 1, "enc_blk_nums": [1, 1], "dec_blk_nums": [1, 1],
    },
    "MixDehazeNet.MixDehazeNet": {"embed_dims": [8, 16, 32, 16, 8]},
    "MoSR.MoSR": {"n_block": 2, "dim": 16},
    "NAFNet.NAFNet": {"width": 8, "enc_blk_nums": [1, 1], "dec_blk_nums": [1, 1]},
    "OmniSR.OmniSR": {"num_feat": 16},
    "RCAN.RCAN": {"n_resgroups": 2, "n_resblocks": 2, "n_feats": 16},
    "RGT.RGT": FOLDED,
    "RealCUGAN.UpCunet2x": {},
    "RetinexFormer.RetinexFormer": {"n_feat": 8, "stage": 2},
    "SAFMN.SAFMN": {"dim": 8, "n_blocks": 2},
    "SCUNet.SCUNet": {"config": [1] * 7, "dim": 64, "input_resolution": 64},
    "SPAN.SPAN": {"num_in_ch": 3, "num_out_ch": 3, "feature_channels": 8},
    "SeemoRe.SeemoRe": {"num_experts": 2, "num_layers": 2, "embedding_dim": 16},
    "SwiftSRGAN.SwiftSRGAN": {"num_channels": 8, "num_blocks": 2},
    "Swin2SR.Swin2SR": {**SIZED, **ENLARGING},
    "SwinIR.SwinIR": {**SIZED, **ENLARGING, "ape": True},
    "Uformer.Uformer": {"img_size": 128, "embed_dim": 8, "depths": [1] * 9},
}  # fmt: skip
SIDES = {
    "FFTformer.FFTformer": 32,
    "MixDehazeNet.MixDehazeNet": 64, "RealCUGAN.UpCunet2x": 64, "SCUNet.SCUNet": 64,
    "Uformer.Uformer": 128,
}  # fmt: skip


def build(name: str) -> nn.Module:
    architecture, _, cls = name.partition(".")
    package = import_module(f"spandrel.architectures.{architecture}")
    built = vars(package)[cls](**OPTIONS[name])
    assert isinstance(built, nn.Module)
    return built


def table() -> Mapping[str, Recipe]:
    declare_operators()
    sides = {name: SIDES.get(name, 16) for name in OPTIONS}
    return {
        name: Recipe(partial(build, name), (floats(1, 3, side, side),))
        for name, side in sides.items()
    }


names = partial(recipe_names, table)
model = partial(recipe_model, table)
