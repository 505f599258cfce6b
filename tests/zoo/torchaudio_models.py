"""The models of torchaudio, small."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from tests.zoo.recipes import Recipe, floats, integers, recipe_model, recipe_names


def table() -> Mapping[str, Recipe]:
    from torchaudio import models

    waves, lengths = floats(2, 2000), torch.tensor([2000, 1500])
    frames = floats(2, 24, 16)
    wav2vec2: dict[str, Any] = {
        "extractor_mode": "group_norm",
        "extractor_conv_layer_config": [(32, 10, 5), (32, 3, 2), (32, 2, 2)],
        "extractor_conv_bias": False,
        "encoder_embed_dim": 32,
        "encoder_projection_dropout": 0.1,
        "encoder_pos_conv_kernel": 8,
        "encoder_pos_conv_groups": 4,
        "encoder_num_layers": 2,
        "encoder_num_heads": 4,
        "encoder_attention_dropout": 0.1,
        "encoder_ff_interm_features": 64,
        "encoder_ff_interm_dropout": 0.1,
        "encoder_dropout": 0.1,
        "encoder_layer_norm_first": False,
        "encoder_layer_drop": 0.0,
    }
    later_norm = {**wav2vec2, "extractor_mode": "layer_norm", "encoder_layer_norm_first": True}
    hubert = {
        **wav2vec2,
        "mask_prob": 0.5, "mask_selection": "static", "mask_other": 0.0, "mask_length": 3,
        "no_mask_overlap": False, "mask_min_space": 1, "mask_channel_prob": 0.0,
        "mask_channel_selection": "static", "mask_channel_other": 0.0, "mask_channel_length": 3,
        "no_mask_channel_overlap": False, "mask_channel_min_space": 1, "skip_masked": False,
        "skip_nomask": False, "num_classes": 10, "final_dim": 16, "feature_grad_mult": 0.1,
    }  # fmt: skip
    emformer: dict[str, Any] = {
        "input_dim": 16, "num_heads": 4, "ffn_dim": 32, "num_layers": 2, "segment_length": 4,
        "left_context_length": 4, "right_context_length": 2,
    }  # fmt: skip
    conformer: dict[str, Any] = {
        "input_dim": 16, "num_heads": 4, "ffn_dim": 32, "num_layers": 2,
        "depthwise_conv_kernel_size": 7,
    }  # fmt: skip
    transducer: dict[str, Any] = {
        "input_dim": 8, "encoding_dim": 16, "num_symbols": 12, "segment_length": 4,
        "right_context_length": 4, "time_reduction_input_dim": 8, "time_reduction_stride": 2,
        "transformer_num_heads": 4, "transformer_ffn_dim": 32, "transformer_num_layers": 2,
        "transformer_dropout": 0.1, "transformer_activation": "gelu",
        "transformer_left_context_length": 4, "transformer_max_memory_size": 0,
        "transformer_weight_init_scale_strategy": "depthwise", "transformer_tanh_on_mem": True,
        "symbol_embedding_dim": 16, "num_lstm_layers": 2, "lstm_layer_norm": True,
        "lstm_layer_norm_epsilon": 1e-3, "lstm_dropout": 0.1,
    }  # fmt: skip
    tacotron: dict[str, Any] = {
        "n_mels": 8, "n_symbol": 20, "symbol_embedding_dim": 16, "encoder_embedding_dim": 16,
        "decoder_rnn_dim": 24, "attention_rnn_dim": 24, "attention_hidden_dim": 16,
        "attention_location_n_filter": 4, "prenet_dim": 16, "postnet_embedding_dim": 16,
    }  # fmt: skip
    thirds = torch.full((2,), 24)
    return {
        "ConvTasNet": Recipe(
            partial(
                models.ConvTasNet,
                enc_num_feats=32, msk_num_feats=16, msk_num_hidden_feats=32, msk_num_layers=3,
                msk_num_stacks=2,
            ),
            (waves[:, None],),
        ),
        "Conformer": Recipe(partial(models.Conformer, **conformer), (frames, thirds)),
        "Conformer convolution first": Recipe(
            partial(models.Conformer, **conformer, use_group_norm=True, convolution_first=True),
            (frames, thirds),
        ),
        "DeepSpeech": Recipe(
            partial(models.DeepSpeech, n_feature=16, n_hidden=32), (floats(2, 1, 24, 16),)
        ),
        "Emformer": Recipe(
            partial(models.Emformer, **emformer), (floats(2, 18, 16), torch.tensor([16, 12]))
        ),
        "Emformer memory": Recipe(
            partial(models.Emformer, **emformer, max_memory_size=2, tanh_on_mem=True),
            (floats(2, 18, 16), torch.tensor([16, 12])),
        ),
        "HDemucs": Recipe(
            partial(models.HDemucs, ["voice", "rest"], channels=16, growth=1), (floats(1, 2, 8192),)
        ),
        "RNNT": Recipe(
            partial(models.emformer_rnnt_model, **transducer),
            (
                floats(2, 20, 8),
                torch.tensor([16, 12], dtype=torch.int32),
                integers(11, 2, 5).int(),
                torch.tensor([5, 4], dtype=torch.int32),
            ),
        ),
        "SquimObjective": Recipe(
            partial(
                models.squim_objective_model,
                feat_dim=16, win_len=16, d_model=16, nhead=4, hidden_dim=16, num_blocks=2,
                rnn_type="LSTM", chunk_size=7,
            ),
            (waves,),
        ),
        "Tacotron2": Recipe(
            partial(models.Tacotron2, **tacotron),
            (integers(20, 2, 6), torch.tensor([6, 5]), floats(2, 8, 7), torch.tensor([7, 6])),
        ),
        "Wav2Letter": Recipe(
            partial(models.Wav2Letter, input_type="mfcc", num_features=8), (floats(1, 8, 40),)
        ),
        "WaveRNN": Recipe(
            partial(
                models.WaveRNN,
                upsample_scales=[2, 2, 3], n_classes=8, hop_length=12, n_res_block=2, n_rnn=16,
                n_fc=16, n_freq=8, n_hidden=16, n_output=16,
            ),
            (floats(2, 1, 12 * 6), floats(2, 1, 8, 10)),
        ),
        "wav2vec2": Recipe(
            partial(models.wav2vec2_model, **wav2vec2, aux_num_out=10), (waves, lengths)
        ),
        "wav2vec2 norm first": Recipe(
            partial(models.wav2vec2_model, **later_norm, aux_num_out=None), (waves,)
        ),
        "wavlm": Recipe(
            partial(
                models.wavlm_model,
                **wav2vec2, encoder_num_buckets=8, encoder_max_distance=16, aux_num_out=10,
            ),
            (waves,),
        ),
        "hubert": Recipe(
            partial(models.hubert_pretrain_model, **hubert),
            (waves, integers(10, 2, 99)),
        ),
    }  # fmt: skip


names = partial(recipe_names, table)
model = partial(recipe_model, table)
