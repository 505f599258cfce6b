"""The networks of MONAI, small, for images and volumes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from tests.zoo.recipes import Recipe, floats, integers, recipe_model, recipe_names
from tests.zoo.torchvision_operators import declare_operators


def table() -> Mapping[str, Recipe]:
    declare_operators()
    from monai.networks import nets

    image, volume = (floats(2, 1, 32, 32),), (floats(1, 1, 32, 32, 32),)
    flat: dict[str, Any] = {"spatial_dims": 2, "in_channels": 1, "out_channels": 2}
    deep: dict[str, Any] = {"spatial_dims": 3, "in_channels": 1, "out_channels": 2}
    vit: dict[str, Any] = {"hidden_size": 24, "mlp_dim": 48, "num_heads": 2}
    diffusion: dict[str, Any] = {
        "spatial_dims": 2, "in_channels": 1, "out_channels": 1, "channels": (16, 16),
        "attention_levels": (False, True), "num_head_channels": 8, "norm_num_groups": 8,
        "num_res_blocks": 1,
    }  # fmt: skip
    latent: dict[str, Any] = {
        "spatial_dims": 2, "channels": (8, 16), "latent_channels": 2, "num_res_blocks": 1,
        "attention_levels": (False, True), "norm_num_groups": 4,
    }  # fmt: skip
    dynamic: dict[str, Any] = {
        "kernel_size": [3, 3, 3], "strides": [1, 2, 2], "upsample_kernel_size": [2, 2],
        "filters": [8, 16, 16],
    }  # fmt: skip
    coding: dict[str, Any] = {"channels": (8, 16), "strides": (2, 2)}
    steps = integers(10, 2)
    return {
        "UNet": Recipe(
            partial(nets.UNet, **flat, channels=(8, 16, 16), strides=(2, 2), num_res_units=2), image
        ),
        "UNet 3D": Recipe(partial(nets.UNet, **deep, channels=(4, 8), strides=(2,)), volume),
        "AttentionUnet": Recipe(
            partial(nets.AttentionUnet, **flat, channels=(8, 16, 16), strides=(2, 2)), image
        ),
        "BasicUNet": Recipe(partial(nets.BasicUNet, **flat, features=(8, 8, 16, 16, 16, 8)), image),
        "BasicUNetPlusPlus": Recipe(
            partial(nets.BasicUNetPlusPlus, **flat, features=(8, 8, 16, 16, 16, 8)), image
        ),
        "BasicUNetPlusPlus deep supervision": Recipe(
            partial(
                nets.BasicUNetPlusPlus,
                **flat,
                deep_supervision=True,
                features=(8, 8, 16, 16, 16, 8),
            ),
            image,
        ),
        "DynUNet": Recipe(partial(nets.DynUNet, **flat, **dynamic, res_block=True), image),
        "DynUNet deep supervision": Recipe(
            partial(nets.DynUNet, **flat, **dynamic, deep_supervision=True, deep_supr_num=1), image
        ),
        "SegResNet": Recipe(
            partial(nets.SegResNet, **flat, init_filters=8, blocks_down=(1, 2), blocks_up=(1,)),
            image,
        ),
        "SegResNetVAE": Recipe(
            partial(
                nets.SegResNetVAE,
                (32, 32),
                vae_nz=16,
                **flat,
                init_filters=8,
                blocks_down=(1, 2),
                blocks_up=(1,),
            ),
            image,
        ),
        "SegResNetDS": Recipe(
            partial(nets.SegResNetDS, **flat, init_filters=8, blocks_down=(1, 2), dsdepth=2), image
        ),
        "UNETR": Recipe(
            partial(
                nets.UNETR,
                in_channels=1,
                out_channels=2,
                img_size=32,
                spatial_dims=2,
                feature_size=8,
                **vit,
            ),
            image,
        ),
        "SwinUNETR": Recipe(
            partial(
                nets.SwinUNETR, **flat, feature_size=12, depths=(2, 2, 2, 2), num_heads=(1, 2, 2, 4)
            ),
            (floats(1, 1, 64, 64),),
        ),
        "VNet": Recipe(partial(nets.VNet, **flat), image),
        "HighResNet": Recipe(partial(nets.HighResNet, **flat), image),
        "AHNet": Recipe(
            partial(nets.AHNet, spatial_dims=2, in_channels=1, out_channels=2, layers=(1, 1, 1, 1)),
            (floats(1, 1, 128, 128),),
        ),
        "DenseNet": Recipe(
            partial(nets.DenseNet, **flat, init_features=8, growth_rate=4, block_config=(2, 2)),
            image,
        ),
        "ResNet": Recipe(
            partial(nets.resnet18, spatial_dims=2, n_input_channels=1, num_classes=2), image
        ),
        "SEResNet50": Recipe(
            partial(
                nets.SEResNet50, spatial_dims=2, in_channels=1, num_classes=2, layers=(1, 1, 1, 1)
            ),
            image,
        ),
        "EfficientNetBN": Recipe(
            partial(
                nets.EfficientNetBN,
                "efficientnet-b0",
                pretrained=False,
                spatial_dims=2,
                in_channels=1,
                num_classes=2,
            ),
            image,
        ),
        "FlexibleUNet": Recipe(partial(nets.FlexibleUNet, 1, 2, "efficientnet-b0"), image),
        "ViT": Recipe(
            partial(
                nets.ViT,
                in_channels=1,
                img_size=32,
                patch_size=8,
                num_layers=2,
                spatial_dims=2,
                classification=True,
                num_classes=2,
                **vit,
            ),
            image,
        ),
        "ViTAutoEnc": Recipe(
            partial(
                nets.ViTAutoEnc,
                in_channels=1,
                img_size=32,
                patch_size=4,
                num_layers=2,
                spatial_dims=2,
                out_channels=1,
                **vit,
            ),
            image,
        ),
        "MaskedAutoEncoderViT": Recipe(
            partial(
                nets.MaskedAutoEncoderViT,
                in_channels=1,
                img_size=32,
                patch_size=8,
                num_layers=2,
                spatial_dims=2,
                decoder_hidden_size=24,
                decoder_mlp_dim=48,
                decoder_num_layers=1,
                decoder_num_heads=2,
                **vit,
            ),
            image,
        ),
        "AutoEncoder": Recipe(partial(nets.AutoEncoder, **flat, **coding), image),
        "AutoencoderKL": Recipe(
            partial(nets.AutoencoderKL, in_channels=1, out_channels=1, **latent), image
        ),
        "VQVAE": Recipe(
            partial(
                nets.VQVAE,
                spatial_dims=2,
                in_channels=1,
                out_channels=1,
                channels=(8, 16),
                num_res_channels=8,
                num_res_layers=1,
                num_embeddings=16,
                embedding_dim=8,
                downsample_parameters=((2, 4, 1, 1),) * 2,
                upsample_parameters=((2, 4, 1, 1, 0),) * 2,
            ),
            image,
        ),
        "DiffusionModelUNet": Recipe(
            partial(nets.DiffusionModelUNet, **diffusion), (*image, steps)
        ),
        "DiffusionModelUNet conditioned": Recipe(
            partial(
                nets.DiffusionModelUNet, **diffusion, with_conditioning=True, cross_attention_dim=6
            ),
            (*image, steps),
            {"context": floats(2, 3, 6)},
        ),
        "ControlNet": Recipe(
            partial(
                nets.ControlNet,
                **{key: value for key, value in diffusion.items() if key != "out_channels"},
                conditioning_embedding_in_channels=1,
                conditioning_embedding_num_channels=(16,),
            ),
            (*image, steps),
            {"controlnet_cond": image[0]},
        ),
        "DecoderOnlyTransformer": Recipe(
            partial(nets.DecoderOnlyTransformer, 20, 8, 16, 2, 2), (integers(20, 2, 8),)
        ),
        "VoxelMorphUNet": Recipe(
            partial(
                nets.VoxelMorphUNet,
                spatial_dims=2,
                in_channels=2,
                unet_out_channels=8,
                channels=(8, 8, 8, 8, 8, 8),
                final_conv_channels=(8,),
            ),
            (floats(2, 2, 32, 32),),
        ),
        "RegUNet": Recipe(
            partial(nets.RegUNet, spatial_dims=2, in_channels=1, num_channel_initial=4, depth=2),
            image,
        ),
        "GlobalNet": Recipe(
            partial(
                nets.GlobalNet,
                [32, 32],
                spatial_dims=2,
                in_channels=1,
                num_channel_initial=4,
                depth=2,
            ),
            image,
        ),
        "QuickNAT": Recipe(
            partial(nets.Quicknat, num_classes=2, num_channels=1, num_filters=8), image
        ),
        "Restormer": Recipe(
            partial(
                nets.restormer.Restormer,
                spatial_dims=2,
                in_channels=1,
                out_channels=1,
                dim=8,
                num_blocks=(1, 1, 1, 1),
                heads=(1, 1, 2, 2),
                num_refinement_blocks=1,
            ),
            image,
        ),
        "MedNeXt": Recipe(
            partial(
                nets.MedNeXt,
                spatial_dims=2,
                init_filters=8,
                in_channels=1,
                out_channels=2,
                encoder_expansion_ratio=2,
                decoder_expansion_ratio=2,
                bottleneck_expansion_ratio=2,
                blocks_down=(1, 1),
                blocks_bottleneck=1,
                blocks_up=(1, 1),
            ),
            image,
        ),
        "PatchDiscriminator": Recipe(
            partial(
                nets.PatchDiscriminator, spatial_dims=2, channels=8, in_channels=1, num_layers_d=2
            ),
            image,
        ),
        "MultiScalePatchDiscriminator": Recipe(
            partial(
                nets.MultiScalePatchDiscriminator,
                num_d=2,
                num_layers_d=1,
                spatial_dims=2,
                channels=8,
                in_channels=1,
            ),
            image,
        ),
        "Classifier": Recipe(
            partial(nets.Classifier, in_shape=(1, 32, 32), classes=2, **coding), image
        ),
        "Generator": Recipe(
            partial(
                nets.Generator,
                latent_shape=(4,),
                start_shape=(8, 8, 8),
                channels=(8, 1),
                strides=(2, 2),
            ),
            (floats(2, 4),),
        ),
        "MILModel": Recipe(
            partial(
                nets.MILModel, num_classes=2, mil_mode="att", backbone="resnet18", pretrained=False
            ),
            (floats(1, 2, 3, 64, 64),),
        ),
    }


names = partial(recipe_names, table)
model = partial(recipe_model, table)
