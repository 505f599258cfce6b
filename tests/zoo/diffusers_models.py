"""Autoencoders, UNets, transformers and their side networks of diffusers, small."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from tests.zoo.recipes import Recipe, floats, integers, recipe_model, recipe_names
from tests.zoo.torchvision_operators import declare_operators


def table() -> Mapping[str, Recipe]:
    declare_operators()
    import diffusers

    image, steps = floats(1, 4, 16, 16), integers(10, 1)
    text = floats(1, 5, 16)
    autoencoder: dict[str, Any] = {
        "down_block_types": ("DownEncoderBlock2D",) * 2,
        "up_block_types": ("UpDecoderBlock2D",) * 2,
        "block_out_channels": (8, 16), "norm_num_groups": 4, "layers_per_block": 1,
    }  # fmt: skip
    unet: dict[str, Any] = {
        "block_out_channels": (8, 16), "norm_num_groups": 4, "layers_per_block": 1,
        "attention_head_dim": 4, "cross_attention_dim": 16,
    }  # fmt: skip
    crossed: dict[str, Any] = {
        **unet,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    }
    heads: dict[str, Any] = {"num_attention_heads": 2, "attention_head_dim": 8}
    flux: dict[str, Any] = {
        **heads,
        "patch_size": 1, "in_channels": 4, "num_layers": 1, "num_single_layers": 1,
        "joint_attention_dim": 16, "pooled_projection_dim": 8, "axes_dims_rope": (4, 2, 2),
    }  # fmt: skip
    sd3: dict[str, Any] = {
        **heads,
        "sample_size": 16, "patch_size": 2, "in_channels": 4, "num_layers": 2,
        "joint_attention_dim": 16, "caption_projection_dim": 16, "pooled_projection_dim": 8,
        "out_channels": 4,
    }  # fmt: skip
    pixart: dict[str, Any] = {
        **heads,
        "sample_size": 8, "num_layers": 2, "patch_size": 2, "in_channels": 4, "out_channels": 8,
        "cross_attention_dim": 16, "caption_channels": 16, "norm_type": "ada_norm_single",
    }  # fmt: skip
    sized = {"resolution": None, "aspect_ratio": None}
    return {
        "AutoencoderKL": Recipe(
            partial(diffusers.AutoencoderKL, **autoencoder), (floats(1, 3, 16, 16),)
        ),
        "AsymmetricAutoencoderKL": Recipe(
            partial(
                diffusers.AsymmetricAutoencoderKL,
                down_block_types=("DownEncoderBlock2D",) * 2,
                down_block_out_channels=(8, 16),
                up_block_types=("UpDecoderBlock2D",) * 2,
                up_block_out_channels=(8, 16),
                norm_num_groups=4,
            ),
            (floats(1, 3, 16, 16),),
        ),
        "AutoencoderTiny": Recipe(
            partial(
                diffusers.AutoencoderTiny,
                encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8),
                num_encoder_blocks=(1, 2), num_decoder_blocks=(2, 1),
            ),
            (floats(1, 3, 16, 16),),
        ),
        "AutoencoderKLTemporalDecoder": Recipe(
            partial(
                diffusers.AutoencoderKLTemporalDecoder,
                down_block_types=("DownEncoderBlock2D",) * 2,
                block_out_channels=(32, 32),
                layers_per_block=1,
            ),
            (floats(2, 3, 16, 16),),
            {"num_frames": 2},
        ),
        "AutoencoderOobleck": Recipe(
            partial(
                diffusers.AutoencoderOobleck,
                encoder_hidden_size=8, downsampling_ratios=[2, 4], channel_multiples=[1, 2],
                decoder_channels=8, decoder_input_channels=4,
            ),
            (floats(1, 2, 64),),
        ),
        "AutoencoderDC": Recipe(
            partial(
                diffusers.AutoencoderDC,
                latent_channels=4, attention_head_dim=4,
                encoder_block_types=("ResBlock", "EfficientViTBlock"),
                decoder_block_types=("ResBlock", "EfficientViTBlock"),
                encoder_block_out_channels=(8, 16), decoder_block_out_channels=(8, 16),
                encoder_layers_per_block=(1, 1), decoder_layers_per_block=(1, 1),
                encoder_qkv_multiscales=((), (5,)), decoder_qkv_multiscales=((), (5,)),
            ),
            (floats(1, 3, 16, 16),),
        ),
        "VQModel": Recipe(
            partial(
                diffusers.VQModel, **autoencoder, latent_channels=4, num_vq_embeddings=16
            ),
            (floats(1, 3, 16, 16),),
        ),
        "UNet1DModel": Recipe(
            partial(
                diffusers.UNet1DModel,
                block_out_channels=(32, 32, 64), extra_in_channels=64, sample_size=64,
                time_embedding_type="fourier",
            ),
            (floats(1, 2, 64), steps),
        ),
        "UNet2DModel": Recipe(
            partial(
                diffusers.UNet2DModel,
                in_channels=4, out_channels=4, block_out_channels=(8, 16), norm_num_groups=4,
                down_block_types=("DownBlock2D", "AttnDownBlock2D"), attention_head_dim=4,
                up_block_types=("AttnUpBlock2D", "UpBlock2D"), layers_per_block=1,
            ),
            (image, steps),
        ),
        "UNet2DConditionModel": Recipe(
            partial(diffusers.UNet2DConditionModel, **crossed), (image, steps, text)
        ),
        "UNet2DConditionModel of tuples": Recipe(
            partial(diffusers.UNet2DConditionModel, **crossed, use_linear_projection=True),
            (image, steps, text),
            {"return_dict": False},
        ),
        "UNet3DConditionModel": Recipe(
            partial(
                diffusers.UNet3DConditionModel,
                **unet,
                down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
                up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
            ),
            (floats(1, 4, 2, 16, 16), steps, text),
        ),
        "UNetSpatioTemporalConditionModel": Recipe(
            partial(
                diffusers.UNetSpatioTemporalConditionModel,
                in_channels=8,
                down_block_types=(
                    "CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal",
                ),
                up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
                block_out_channels=(32, 32), num_attention_heads=2, cross_attention_dim=16,
                projection_class_embeddings_input_dim=24, addition_time_embed_dim=8,
                layers_per_block=1,
            ),
            (floats(1, 2, 8, 16, 16), steps, floats(1, 1, 16), floats(1, 3)),
        ),
        "UVit2DModel": Recipe(
            partial(
                diffusers.UVit2DModel,
                hidden_size=16, encoder_hidden_size=16, cond_embed_dim=8, vocab_size=20,
                codebook_size=16, block_out_channels=16, num_hidden_layers=2, in_channels=16,
                num_attention_heads=2, intermediate_size=32, micro_cond_encode_dim=4,
                micro_cond_embed_dim=20, sample_size=8,
            ),
            (integers(16, 1, 8, 8), text, floats(1, 8), floats(1, 5)),
        ),
        "ControlNetModel": Recipe(
            partial(
                diffusers.ControlNetModel,
                **unet,
                down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                conditioning_embedding_out_channels=(8, 16),
            ),
            (image, steps, text, floats(1, 3, 32, 32)),
        ),
        "T2IAdapter": Recipe(
            partial(diffusers.T2IAdapter, channels=[8, 16], num_res_blocks=1, downscale_factor=4),
            (floats(1, 3, 32, 32),),
        ),
        "Transformer2DModel": Recipe(
            partial(
                diffusers.Transformer2DModel,
                **heads, in_channels=16, norm_num_groups=4, cross_attention_dim=16,
            ),
            (floats(1, 16, 8, 8), text),
        ),
        "DiTTransformer2DModel": Recipe(
            partial(
                diffusers.DiTTransformer2DModel,
                **heads, in_channels=4, num_layers=2, sample_size=8, norm_num_groups=4,
            ),
            (floats(1, 4, 8, 8), steps, integers(5, 1)),
        ),
        "PixArtTransformer2DModel": Recipe(
            partial(diffusers.PixArtTransformer2DModel, **pixart),
            (floats(1, 4, 8, 8), text, steps),
            {"added_cond_kwargs": sized},
        ),
        "SD3Transformer2DModel": Recipe(
            partial(diffusers.SD3Transformer2DModel, **sd3),
            (floats(1, 4, 16, 16), text, floats(1, 8), steps),
        ),
        "SD3ControlNetModel": Recipe(
            partial(diffusers.SD3ControlNetModel, **sd3),
            (floats(1, 4, 16, 16), floats(1, 4, 16, 16), 1.0, text, floats(1, 8), steps),
        ),
        "FluxTransformer2DModel": Recipe(
            partial(diffusers.FluxTransformer2DModel, **flux),
            (floats(1, 16, 4), text, floats(1, 8), floats(1)),
            {"img_ids": floats(16, 3), "txt_ids": floats(5, 3)},
        ),
        "FluxControlNetModel": Recipe(
            partial(diffusers.FluxControlNetModel, **flux),
            (floats(1, 16, 4), floats(1, 16, 4)),
            {
                "encoder_hidden_states": text, "pooled_projections": floats(1, 8),
                "timestep": floats(1), "img_ids": floats(16, 3), "txt_ids": floats(5, 3),
            },
        ),
        "AuraFlowTransformer2DModel": Recipe(
            partial(
                diffusers.AuraFlowTransformer2DModel,
                **heads, sample_size=8, num_mmdit_layers=1, num_single_dit_layers=1,
                joint_attention_dim=16, caption_projection_dim=16, pos_embed_max_size=16,
                in_channels=4, out_channels=4,
            ),
            (floats(1, 4, 8, 8), text, floats(1)),
        ),
        "HunyuanDiT2DModel": Recipe(
            partial(
                diffusers.HunyuanDiT2DModel,
                **heads, in_channels=4, patch_size=2, sample_size=8, hidden_size=16,
                num_layers=2, mlp_ratio=2.0, cross_attention_dim=16, cross_attention_dim_t5=16,
                pooled_projection_dim=8, text_len=5, text_len_t5=5,
            ),
            (floats(1, 4, 8, 8), floats(1), text),
            {
                "text_embedding_mask": torch.ones(1, 5), "encoder_hidden_states_t5": text,
                "text_embedding_mask_t5": torch.ones(1, 5),
                "image_meta_size": floats(1, 6), "style": torch.zeros(1, dtype=torch.long),
                "image_rotary_emb": [floats(16, 8), floats(16, 8)],
            },
        ),
        "CogVideoXTransformer3DModel": Recipe(
            partial(
                diffusers.CogVideoXTransformer3DModel,
                **heads, in_channels=4, out_channels=4, time_embed_dim=8, text_embed_dim=16,
                num_layers=2, sample_width=8, sample_height=8, sample_frames=5,
                max_text_seq_length=5,
            ),
            (floats(1, 2, 4, 8, 8), text, steps),
        ),
        "LatteTransformer3DModel": Recipe(
            partial(
                diffusers.LatteTransformer3DModel,
                **heads, sample_size=8, num_layers=1, patch_size=2, caption_channels=16,
                in_channels=4, out_channels=8, cross_attention_dim=16, video_length=2,
                attention_bias=True, norm_type="ada_norm_single",
            ),
            (floats(1, 4, 2, 8, 8), steps, text),
        ),
        "StableAudioDiTModel": Recipe(
            partial(
                diffusers.StableAudioDiTModel,
                **heads, sample_size=8, in_channels=4, num_layers=2,
                num_key_value_attention_heads=2, out_channels=4, cross_attention_dim=16,
                time_proj_dim=8, global_states_input_dim=16, cross_attention_input_dim=16,
            ),
            (floats(1, 4, 8), floats(1), text, floats(1, 1, 16)),
            {"rotary_embedding": (floats(9, 4), floats(9, 4))},
        ),
        "PriorTransformer": Recipe(
            partial(
                diffusers.PriorTransformer,
                **heads, num_layers=2, embedding_dim=16, num_embeddings=5,
                additional_embeddings=4,
            ),
            (floats(1, 16), steps, floats(1, 16), text),
        ),
        "SanaTransformer2DModel": Recipe(
            partial(
                diffusers.SanaTransformer2DModel,
                **heads, in_channels=4, out_channels=4, num_layers=2,
                num_cross_attention_heads=2, cross_attention_head_dim=8,
                cross_attention_dim=16, caption_channels=16, sample_size=8,
            ),
            (floats(1, 4, 8, 8), text, steps),
        ),
        "WanTransformer3DModel": Recipe(
            partial(
                diffusers.WanTransformer3DModel,
                num_attention_heads=2, attention_head_dim=12, in_channels=4, out_channels=4,
                text_dim=16, freq_dim=16, ffn_dim=32, num_layers=2,
            ),
            (floats(1, 4, 2, 8, 8), steps, text),
        ),
        "LTXVideoTransformer3DModel": Recipe(
            partial(
                diffusers.LTXVideoTransformer3DModel,
                **heads, in_channels=4, out_channels=4, num_layers=2, cross_attention_dim=16,
                caption_channels=16,
            ),
            (floats(1, 16, 4), text, steps),
            {
                "encoder_attention_mask": torch.ones(1, 5), "num_frames": 1, "height": 4,
                "width": 4,
            },
        ),
        "Lumina2Transformer2DModel": Recipe(
            partial(
                diffusers.Lumina2Transformer2DModel,
                sample_size=8, in_channels=4, hidden_size=24, num_layers=2,
                num_refiner_layers=1, num_attention_heads=3, num_kv_heads=1, multiple_of=2,
                axes_dim_rope=(4, 2, 2), axes_lens=(64, 64, 64), cap_feat_dim=16,
            ),
            (floats(1, 4, 8, 8), floats(1), text, torch.ones(1, 5, dtype=torch.bool)),
        ),
        "QwenImageTransformer2DModel": Recipe(
            partial(
                diffusers.QwenImageTransformer2DModel,
                **heads, in_channels=4, out_channels=4, num_layers=2, joint_attention_dim=16,
                axes_dims_rope=(4, 2, 2), patch_size=1,
            ),
            (floats(1, 16, 4), text, torch.ones(1, 5, dtype=torch.long), floats(1)),
            {"img_shapes": [(1, 4, 4)]},
        ),
    }  # fmt: skip


names = partial(recipe_names, table)
model = partial(recipe_model, table)
