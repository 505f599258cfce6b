"""What stays a guess by name. Behind each table stands how often it was right."""

from __future__ import annotations

__all__ = [
    "is_making_method",
    "is_method_name",
    "is_module_base",
    "is_no_tensor_field",
    "is_output_class",
    "is_plain_base",
    "is_plain_class",
]

_MODULE_BASES = frozenset(
    "Module LightningModule PreTrainedModel ModelMixin PyTorchModelHubMixin "
    "HookedRootModule".split()
)
_MODULE_ENDINGS = ("PreTrainedModel", "PretrainedModel", "ForCausalLM")
_PLAIN_BASES = frozenset(
    (
        "Protocol ABC ABCMeta Generic Enum IntEnum StrEnum Flag IntFlag object NamedTuple "
        "TypedDict Exception ValueError RuntimeError dict list tuple set str int float Function "
        "OrderedDict UserDict BaseModel Dataset IterableDataset Optimizer LRScheduler Callback "
        "ModelOutput Config Tensor Parameter Sampler DataLoader ConfigMixin SchedulerMixin"
    ).split()
)
_PLAIN_ENDINGS = (
    "Config",
    "Tokenizer",
    "TokenizerFast",
    "Processor",
    "Cache",
    "Logger",
    "Path",
    "Sampler",
    "Scheduler",
    "Args",
    "Arguments",
    "Params",
    "Kwargs",
    "Error",
    "Exception",
    "Enum",
    "Dataset",
    "Optimizer",
)
_OUTPUT_ENDINGS = (
    "Output",
    "OutputWithPast",
    "OutputWithPooling",
    "OutputWithCrossAttentions",
    "OutputWithPastAndCrossAttentions",
    "OutputWithNoAttention",
)
_NO_TENSOR_FIELDS = frozenset(
    (
        "past_key_values past_key_value hidden_states attentions loss losses loss_dict config "
        "router_logits aux_loss memory rope_deltas cache to_tuple keys values items get"
    ).split()
)
_NO_TENSOR_ENDINGS = ("_hidden_states", "_attentions")
_MAKING_METHODS = frozenset(
    "from_config from_pretrained from_state_dict _from_config build create load".split()
)
_VERBS = tuple(
    (
        "get_ set_ is_ has_ to_ from_ init_ load_ save_ prepare_ compute_ create_ build_ make_ "
        "forward_ encode_ decode_ apply_ reset_ update_ check_ add_ remove_ log_ register_ enable_ "
        "disable_ generate_ resize_ tie_ _ on_ configure_ warn_ mark_ retrieve_ post_ calculate_ "
        "run_ prune_ expand_ merge_ split_ validate_ maybe_ should_ invert_ initialize_ convert_"
    ).split()
)
_METHODS = frozenset(
    (
        "generate encode decode sample log log_dict print loss predict loss_function step setup "
        "hooks named_apply tokenize embed manual_backward optimizers lr_schedulers all_gather "
        "toggle_optimizer untoggle_optimizer requires_grad extract_features device dtype training "
        "config backward dequantize active_adapters can_generate num_parameters push_to_hub freeze "
        "unfreeze score unwrap add_hook run_with_cache run_with_hooks reset_hooks items keys values"
    ).split()
)


def is_module_base(last: str) -> bool:
    """Tell whether a base of this last name can only be a module."""
    return last in _MODULE_BASES or last.endswith(_MODULE_ENDINGS)


def is_plain_base(last: str) -> bool:
    """Tell whether a base of this last name makes no class a module."""
    return last in _PLAIN_BASES or last.endswith(_PLAIN_ENDINGS) or is_output_class(last)


def is_plain_class(last: str) -> bool:
    """Tell whether an instance is surely neither a tensor nor a module."""
    return last.lstrip("_").endswith(_PLAIN_ENDINGS)


def is_output_class(last: str) -> bool:
    """Tell whether a class is a mutable dataclass of results, as transformers names them."""
    return "ModelOutput" in last or last.endswith(_OUTPUT_ENDINGS)


def is_no_tensor_field(name: str) -> bool:
    """Tell whether a field of a result holds no tensor, or one that is often ``None``."""
    return name in _NO_TENSOR_FIELDS or name.endswith(_NO_TENSOR_ENDINGS)


def is_tensor_list_field(name: str) -> bool:
    """Tell whether a field of a result holds a tuple of tensors."""
    return name == "feature_maps"


def is_making_method(name: str) -> bool:
    """Tell whether a class makes instances by a method of this name."""
    return name in _MAKING_METHODS or name.startswith("from_")


def is_method_name(name: str) -> bool:
    """Tell whether an attribute that a base outside the input sets is a method and no submodule."""
    return "tokenizer" in name or name in _METHODS or name.startswith(_VERBS)
