"""The models that are compared: small random configurations, and what they are called with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from transformers import (
    BertConfig,
    GPT2Config,
    LlamaConfig,
    MambaConfig,
    MixtralConfig,
    PretrainedConfig,
    T5Config,
)

VOCABULARY = 97
BATCH, LENGTH = 2, 7


@dataclass(frozen=True)
class Case:
    """One class of a modeling file with a configuration."""

    file: str
    class_name: str
    config: Callable[[], PretrainedConfig]
    inputs: Callable[[], dict[str, Any]]
    generates: bool = False
    id: str = field(default="")

    @property
    def module(self) -> str:
        return f"transformers.models.{self.file}.modeling_{self.file}"

    def built_config(self) -> PretrainedConfig:
        config = self.config()
        config.num_labels = 2 if self.inputs is spans else 3  # where an answer begins and ends
        return config

    def call(self, model: nn.Module) -> Any:
        return model(**self.inputs())


def token_ids(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(5, VOCABULARY, shape or (BATCH, LENGTH), generator=generator)


def tokens() -> dict[str, Any]:
    mask = torch.ones(BATCH, LENGTH, dtype=torch.long)
    mask[1, :2] = 0
    return {"input_ids": token_ids(), "attention_mask": mask}


def language() -> dict[str, Any]:
    return tokens() | {"labels": token_ids()}


def sequence_labels() -> dict[str, Any]:
    return tokens() | {"labels": torch.tensor([0, 2])}


def token_labels() -> dict[str, Any]:
    return tokens() | {"labels": token_ids() % 3}


def spans() -> dict[str, Any]:
    positions = {"start_positions": torch.tensor([1, 2]), "end_positions": torch.tensor([3, 5])}
    return tokens() | positions


def choices() -> dict[str, Any]:
    return {"input_ids": token_ids(BATCH, 2, LENGTH), "labels": torch.tensor([0, 1])}


def two_choices() -> dict[str, Any]:
    return {"input_ids": token_ids(BATCH, 2, LENGTH), "mc_labels": torch.tensor([0, 1])}


def everything() -> dict[str, Any]:
    return tokens() | {"output_hidden_states": True, "output_attentions": True}


def everything_in_a_tuple() -> dict[str, Any]:
    return everything() | {"return_dict": False}


def states() -> dict[str, Any]:
    return {"input_ids": token_ids(), "output_hidden_states": True}


def encoder_decoder() -> dict[str, Any]:
    return tokens() | {"decoder_input_ids": token_ids(BATCH, 4)}


def translation() -> dict[str, Any]:
    return tokens() | {"labels": token_ids(BATCH, 4)}


def labelled_sentences() -> dict[str, Any]:
    ids = token_ids()
    ids[:, -1] = 1  # the end of the sentence, where T5's classifier reads
    return {"input_ids": ids, "labels": torch.tensor([0, 2])}


def llama() -> PretrainedConfig:
    return LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=32,
        attention_dropout=0.1,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        attn_implementation="eager",
    )


def gpt2() -> PretrainedConfig:
    return GPT2Config(
        vocab_size=VOCABULARY,
        n_embd=16,
        n_layer=2,
        n_head=4,
        n_positions=32,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        attn_implementation="eager",
    )


def gpt2_cross_attention() -> PretrainedConfig:
    config = gpt2()
    config.add_cross_attention = True
    config.scale_attn_by_inverse_layer_idx = True
    config.reorder_and_upcast_attn = True
    return config


def cross_attended() -> dict[str, Any]:
    return tokens() | {"encoder_hidden_states": torch.linspace(-1, 1, 160).view(BATCH, 5, 16)}


def bert() -> PretrainedConfig:
    return BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=32,
        attn_implementation="eager",
    )


def bert_decoder() -> PretrainedConfig:
    config = bert()
    config.is_decoder = config.add_cross_attention = True
    config.bos_token_id, config.eos_token_id = 1, 2
    return config


def bert_in_chunks() -> PretrainedConfig:
    config = bert()
    config.chunk_size_feed_forward = LENGTH
    return config


def mamba() -> PretrainedConfig:
    return MambaConfig(
        vocab_size=VOCABULARY,
        hidden_size=16,
        state_size=4,
        num_hidden_layers=2,
        time_step_rank=2,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )


def mixtral() -> PretrainedConfig:
    return MixtralConfig(
        vocab_size=VOCABULARY,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=32,
        num_local_experts=4,
        router_jitter_noise=0.1,
        output_router_logits=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        attn_implementation="eager",
    )


def mixtral_eager() -> PretrainedConfig:
    config = mixtral()
    config._experts_implementation = "eager"
    return config


def t5() -> PretrainedConfig:
    return T5Config(
        vocab_size=VOCABULARY,
        d_model=16,
        d_kv=4,
        d_ff=24,
        num_layers=2,
        num_heads=4,
        relative_attention_num_buckets=8,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )


def t5_gated() -> PretrainedConfig:
    config = t5()
    config.is_gated_act, config.dense_act_fn = True, "gelu_new"
    config.feed_forward_proj = "gated-gelu"
    return config


def _case(
    class_name: str,
    config: Callable[[], PretrainedConfig],
    inputs: Callable[[], dict[str, Any]],
    generates: bool = False,
) -> Case:
    file = config.__name__.partition("_")[0]
    return Case(
        file,
        class_name,
        config,
        inputs,
        generates,
        f"{class_name}-{config.__name__}-{inputs.__name__}",
    )


CASES = [
    _case("LlamaModel", llama, everything),
    _case("LlamaModel", llama, everything_in_a_tuple),
    _case("LlamaForCausalLM", llama, language, generates=True),
    _case("LlamaForSequenceClassification", llama, sequence_labels),
    _case("LlamaForTokenClassification", llama, token_labels),
    _case("LlamaForQuestionAnswering", llama, spans),
    _case("GPT2Model", gpt2, everything),
    _case("GPT2Model", gpt2, everything_in_a_tuple),
    _case("GPT2Model", gpt2_cross_attention, cross_attended),
    _case("GPT2LMHeadModel", gpt2, language, generates=True),
    _case("GPT2DoubleHeadsModel", gpt2, two_choices),
    _case("GPT2ForSequenceClassification", gpt2, sequence_labels),
    _case("GPT2ForTokenClassification", gpt2, token_labels),
    _case("GPT2ForQuestionAnswering", gpt2, spans),
    _case("BertModel", bert, everything),
    _case("BertModel", bert, everything_in_a_tuple),
    _case("BertModel", bert_in_chunks, tokens),
    _case("BertForPreTraining", bert, tokens),
    _case("BertLMHeadModel", bert_decoder, cross_attended, generates=True),
    _case("BertForMaskedLM", bert, language),
    _case("BertForNextSentencePrediction", bert, tokens),
    _case("BertForSequenceClassification", bert, sequence_labels),
    _case("BertForMultipleChoice", bert, choices),
    _case("BertForTokenClassification", bert, token_labels),
    _case("BertForQuestionAnswering", bert, spans),
    _case("MambaModel", mamba, states),
    _case("MambaForCausalLM", mamba, language, generates=True),
    _case("MixtralModel", mixtral, everything),
    _case("MixtralForCausalLM", mixtral, language, generates=True),
    _case("MixtralForCausalLM", mixtral_eager, language, generates=True),
    _case("MixtralForSequenceClassification", mixtral_eager, sequence_labels),
    _case("MixtralForTokenClassification", mixtral, token_labels),
    _case("MixtralForQuestionAnswering", mixtral, spans),
    _case("T5Model", t5, encoder_decoder),
    _case("T5ForConditionalGeneration", t5, translation, generates=True),
    _case("T5ForConditionalGeneration", t5_gated, translation, generates=True),
    _case("T5EncoderModel", t5, everything),
    _case("T5EncoderModel", t5_gated, everything_in_a_tuple),
    _case("T5ForSequenceClassification", t5, labelled_sentences),
    _case("T5ForTokenClassification", t5, token_labels),
    _case("T5ForQuestionAnswering", t5, spans),
]
