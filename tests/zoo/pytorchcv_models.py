"""A small network of each of many families of pytorchcv."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tests.zoo.built import Call
from tests.zoo.recipes import floats
from tests.zoo.torchvision_operators import declare_operators

IMAGENET = (
    "resnet10 preresnet10 seresnet10 diaresnet10 resnext14_16x4d bam_resnet18 cbam_resnet18 "
    "sharesnet18 diracnet18v2 sknet50 condensenet74_c8_g8 sparsenet121 peleenet dpn68 "
    "darknet_tiny channelnet revnet38 dla46c espnetv2_wd2 dicenet_wd5 hrnet_w18_small_v1 "
    "selecsls42 hardnet39ds squeezenet_v1_0 sqnxt23_w1 shufflenet_g1_wd4 shufflenetv2_wd2 "
    "menet108_8x1_g3 mobilenetv3_small_w7d20 igcv3_wd4 ghostnet darts proxylessnas_cpu fbnet_cb "
    "nasnet_4a1056 mixnet_s octresnet10_ad2 resattnet56"
)
SMALLER = {
    32: "densenet40_k12_cifar10 msdnet22_cifar10 nin_cifar10 ror3_56_cifar10 rir_cifar10 "
    "resdropresnet20_cifar10 shakeshakeresnet20_2x16d_cifar10 shakedropresnet20_cifar10",
    64: "regnetx002 efficientnet_b0 unet_cityscapes simplepose_mobile_mobilenet_w1_coco "
    "centernet_resnet18_voc",
    128: "cgnet_cityscapes dabnet_cityscapes sinet_cityscapes lednet_cityscapes enet_cityscapes",
}
"""By the side of the image that they take; most of the others' pooling takes 224 alone."""
SIDES = dict.fromkeys(IMAGENET.split(), 224) | {
    name: side for side, names in SMALLER.items() for name in names.split()
}


def names() -> list[str]:
    return list(SIDES)


def model(name: str, known: Any = None) -> tuple[nn.Module, Call]:
    """A network with random weights, and a call with two images."""
    declare_operators()
    from pytorchcv.model_provider import get_model

    torch.manual_seed(0)
    side = SIDES[name]
    return get_model(name, pretrained=False), Call((floats(2, 3, side, side),), {})
