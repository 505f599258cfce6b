# transformers. What a model gives back only on demand is `| None`, the rest is not, though all
# fields of its classes are.
__name__ = "transformers.activations"

class _Activation(Module):
    def forward(self, input) -> Tensor: ...

ACT2FN: dict[str, _Activation]
ACT2CLS: dict[str, type[_Activation]]

class GELUTanh(_Activation): ...
class NewGELUActivation(_Activation): ...
class GELUActivation(_Activation): ...
class SiLUActivation(_Activation): ...
class FastGELUActivation(_Activation): ...
class QuickGELUActivation(_Activation): ...

def get_activation(activation_string) -> _Activation: ...

__name__ = "transformers.modeling_utils"

class PreTrainedModel(Module):
    hides_members = True
    config: Fact
    device: Fact
    dtype: Fact
    base_model: Module
    dummy_inputs: dict[str, Tensor]
    is_gradient_checkpointing: bool
    def from_pretrained(self, *args) -> Input: ...
    def get_input_embeddings(self) -> Module: ...
    def get_output_embeddings(self) -> Module | None: ...
    def get_encoder(self) -> Module: ...
    def get_decoder(self) -> Module: ...
    def loss_function(self, *args) -> Tensor: ...
    def post_init(self) -> None: ...
    def warn_if_padding_and_no_attention_mask(self, *args) -> None: ...

ALL_ATTENTION_FUNCTIONS: dict[str, _attention_interface]

def _attention_interface(module, query, key, value, *args) -> tuple[Tensor, Tensor | None]: ...
def slice_logits_to_keep(hidden_states, logits_to_keep) -> View: ...

__name__ = "transformers.modeling_layers"

class GradientCheckpointingLayer(Module): ...

__name__ = "transformers.modeling_rope_utils"

ROPE_INIT_FUNCTIONS: dict[str, _rope_parameters]

def _rope_parameters(config, device=..., *args) -> tuple[Tensor, float]: ...
def dynamic_rope_update(func) -> Input: ...

__name__ = "transformers.pytorch_utils"

class Conv1D(Module):
    weight: Parameter
    bias: Parameter
    def forward(self, x) -> Tensor: ...

def apply_chunking_to_forward(forward_fn, chunk_size, chunk_dim, *args) -> Any: ...

__name__ = "transformers.models.auto"

class _AutoClass:
    def from_config(self, config, *args) -> _AutoModelInstance: ...
    def from_pretrained(self, name, *args) -> _AutoModelInstance: ...

class _AutoModelInstance(PreTrainedModel):
    def forward(self, *args) -> ModelOutput | tuple: ...

class AutoModel(_AutoClass): ...
class AutoModelForCausalLM(_AutoClass): ...
class AutoModelForSeq2SeqLM(_AutoClass): ...
class AutoModelForMaskedLM(_AutoClass): ...
class AutoModelForImageTextToText(_AutoClass): ...

class AutoBackbone:
    def from_config(self, config, *args) -> _BackboneInstance: ...
    def from_pretrained(self, name, *args) -> _BackboneInstance: ...

class _BackboneInstance(PreTrainedModel):
    def forward(self, *args) -> BackboneOutput | tuple: ...

__name__ = "transformers.backbone_utils"

def load_backbone(config) -> _BackboneInstance: ...
def filter_output_hidden_states(func) -> Input: ...

# Decorators; those of models may turn an output into a tuple.
__name__ = "transformers.utils"

def can_return_tuple(func) -> Input | tuple: ...
def _output_decorator(func) -> Input | tuple: ...
def auto_docstring(obj=..., *args) -> Given["obj", Input, _decorator]: ...
def add_start_docstrings(*docstr) -> _decorator: ...
def add_start_docstrings_to_model_forward(*docstr) -> _decorator: ...
def replace_return_docstrings(*args) -> _decorator: ...

__name__ = "transformers.utils.output_capturing"

def capture_outputs(func=..., *args) -> Given["func", Input | tuple, _output_decorator]: ...
def select_hidden_states(selection) -> _decorator: ...

__name__ = "transformers.integrations"

def use_kernel_forward_from_hub(name) -> _decorator: ...
def use_kernelized_func(name) -> _decorator: ...
def use_experts_implementation(cls=..., *args) -> Given["cls", Input, _decorator]: ...

__name__ = "transformers.utils.generic"

def check_model_inputs(func) -> Input | tuple: ...
def merge_with_config_defaults(func) -> Input: ...
def accepts_precomputed_kwargs(modality) -> _decorator: ...

class ModelOutput:
    has_fields = True

__name__ = "transformers.modeling_outputs"

_Tensors = tuple[Tensor, ...] | None
_Cache = Fact | None

class _Last(ModelOutput):
    last_hidden_state: Tensor

class _Pooled(ModelOutput):
    last_hidden_state: Tensor
    pooler_output: Tensor | None

class _Logits(ModelOutput):
    loss: Tensor | None
    logits: Tensor

class _Answers(ModelOutput):
    loss: Tensor | None
    start_logits: Tensor
    end_logits: Tensor

class _Reconstructed(ModelOutput):
    loss: Tensor | None
    reconstruction: Tensor

class _Cached(ModelOutput):
    past_key_values: _Cache

class _Hidden(ModelOutput):
    hidden_states: _Tensors

class _States(ModelOutput):
    hidden_states: _Tensors
    attentions: _Tensors

class _CrossStates(ModelOutput):
    hidden_states: _Tensors
    attentions: _Tensors
    cross_attentions: _Tensors

class _EncoderDecoder(ModelOutput):
    past_key_values: _Cache
    decoder_hidden_states: _Tensors
    decoder_attentions: _Tensors
    cross_attentions: _Tensors
    encoder_last_hidden_state: Tensor | None
    encoder_hidden_states: _Tensors
    encoder_attentions: _Tensors

class _Routed(ModelOutput):
    router_logits: _Tensors

class _RoutedProbabilities(ModelOutput):
    router_probs: _Tensors
    router_logits: _Tensors

class _Located(ModelOutput):
    loc: Tensor | None
    scale: Tensor | None
    static_features: Tensor | None

class _RoutedEncoderDecoder(ModelOutput):
    past_key_values: _Cache
    decoder_hidden_states: _Tensors
    decoder_attentions: _Tensors
    decoder_router_logits: _Tensors
    cross_attentions: _Tensors
    encoder_last_hidden_state: Tensor | None
    encoder_hidden_states: _Tensors
    encoder_attentions: _Tensors
    encoder_router_logits: _Tensors

class BaseModelOutput(_States, _Last): ...
class BaseModelOutputWithNoAttention(_Hidden, _Last): ...
class BaseModelOutputWithPooling(_States, _Pooled): ...
class BaseModelOutputWithPoolingAndNoAttention(_Hidden, _Pooled): ...
class BaseModelOutputWithPast(_States, _Cached, _Last): ...
class BaseModelOutputWithCrossAttentions(_CrossStates, _Last): ...

class BaseModelOutputWithPoolingAndCrossAttentions(_Cached, _Hidden, _Pooled):
    attentions: _Tensors
    cross_attentions: _Tensors

class BaseModelOutputWithPastAndCrossAttentions(_CrossStates, _Cached, _Last): ...
class MoEModelOutput(_RoutedProbabilities, _States, _Last): ...
class MoeModelOutputWithPast(_Routed, _States, _Cached, _Last): ...

class _RoutedLogits(ModelOutput):
    loss: Tensor | None
    aux_loss: Tensor | None
    logits: Tensor

class MoeCausalLMOutputWithPast(_Routed, _States, _Cached, _RoutedLogits): ...
class MoEModelOutputWithPastAndCrossAttentions(
    _RoutedProbabilities, _CrossStates, _Cached, _Last
): ...
class Seq2SeqModelOutput(_EncoderDecoder, _Last): ...
class Seq2SeqMoEModelOutput(_RoutedEncoderDecoder, _Last): ...
class CausalLMOutput(_States, _Logits): ...
class CausalLMOutputWithPast(_States, _Cached, _Logits): ...
class CausalLMOutputWithCrossAttentions(_CrossStates, _Cached, _Logits): ...
class SequenceClassifierOutputWithPast(_States, _Cached, _Logits): ...
class MaskedLMOutput(_States, _Logits): ...
class Seq2SeqLMOutput(_EncoderDecoder, _Logits): ...

class _RoutingLosses(_Logits):
    encoder_z_loss: Tensor | None
    decoder_z_loss: Tensor | None
    encoder_aux_loss: Tensor | None
    decoder_aux_loss: Tensor | None

class Seq2SeqMoEOutput(_RoutedEncoderDecoder, _RoutingLosses): ...
class NextSentencePredictorOutput(_States, _Logits): ...
class SequenceClassifierOutput(_States, _Logits): ...
class Seq2SeqSequenceClassifierOutput(_EncoderDecoder, _Logits): ...
class MultipleChoiceModelOutput(_States, _Logits): ...
class TokenClassifierOutput(_States, _Logits): ...
class QuestionAnsweringModelOutput(_States, _Answers): ...
class Seq2SeqQuestionAnsweringModelOutput(_EncoderDecoder, _Answers): ...
class SemanticSegmenterOutput(_States, _Logits): ...
class ImageClassifierOutput(_States, _Logits): ...
class ImageClassifierOutputWithNoAttention(_Hidden, _Logits): ...

class DepthEstimatorOutput(ModelOutput):
    loss: Tensor | None
    predicted_depth: Tensor
    hidden_states: _Tensors
    attentions: _Tensors

class ImageSuperResolutionOutput(_States, _Reconstructed): ...

class Wav2Vec2BaseModelOutput(_Last):
    extract_features: Tensor
    hidden_states: _Tensors
    attentions: _Tensors

class XVectorOutput(_Logits):
    embeddings: Tensor
    hidden_states: _Tensors
    attentions: _Tensors

class BackboneOutput(ModelOutput):
    feature_maps: tuple[Tensor, ...]
    hidden_states: _Tensors
    attentions: _Tensors

class BaseModelOutputWithPoolingAndProjection(_States, _Pooled):
    projection_state: _Tensors

class _Spectrogram(ModelOutput):
    loss: Tensor | None
    spectrogram: Tensor

class Seq2SeqSpectrogramOutput(_EncoderDecoder, _Spectrogram): ...
class Seq2SeqTSModelOutput(_Located, _EncoderDecoder, _Last): ...

class _Distribution(ModelOutput):
    loss: Tensor | None
    params: _Tensors

class Seq2SeqTSPredictionOutput(_Located, _EncoderDecoder, _Distribution): ...

class SampleTSPredictionOutput(ModelOutput):
    sequences: Tensor

class MaskedImageModelingOutput(_States, _Reconstructed): ...
