"""What operations on tensors are to someone who follows a value: a view, a cast, a sum, …"""

from __future__ import annotations

from autohook_codegen.library.entries import Kind
from autohook_codegen.library.guesses import is_norm_class
from autohook_codegen.library.stub_entries import library_class, tensor_member

__all__ = ["ATTENTION_FUNCTIONS", "WITHOUT_STEPS", "family", "module_family"]


def _words(family: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), family)


_FAMILIES = {
    **_words(
        "view",
        "view view_as reshape reshape_as transpose permute chunk split split_with_sizes unbind"
        " tensor_split hsplit vsplit dsplit flatten unflatten contiguous squeeze unsqueeze movedim"
        " moveaxis swapaxes swapdims adjoint ravel t T H mT mH rearrange as_strided clone detach"
        " view_as_complex view_as_real select narrow alias identity unpack",
    ),
    **_words(
        "cast",
        "to float half bfloat16 double type type_as cuda cpu float_power_of_two is_floating_point"
        " full_tensor to_local redistribute",
    ),
    **_words("slice", "pad"),
    **_words("repeat", "expand expand_as repeat repeat_interleave broadcast_to tile"),
    **_words("dropout", "dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout"),
    **_words("mask", "masked_fill where masked_scatter masked_select tril triu nan_to_num"),
    **_words("clamp", "clamp clip clamp_min clamp_max tanh maximum minimum max min amax relu_max"),
    **_words("join", "cat concat concatenate stack hstack vstack dstack pack"),
    **_words("matmul", "matmul bmm baddbmm einsum mm addmm mv dot contract"),
    **_words("softmax", "softmax"),
    **_words("add", "add sub"),
    **_words("scale", "mul div multiply divide true_divide neg pow sqrt rsqrt square"),
    **_words("linear", "linear"),
    **_words(
        "activation",
        "relu gelu silu sigmoid elu selu celu leaky_relu hardswish hardsigmoid mish softplus glu"
        " relu6 prelu rrelu hardtanh logsigmoid swish quick_gelu gelu_new swiglu",
    ),
    **_words("norm", "layer_norm rms_norm batch_norm group_norm instance_norm normalize"),
    **_words(
        "fact",
        "shape size dim numel ndim device dtype arange zeros ones full empty zeros_like ones_like"
        " full_like empty_like rand randn rand_like randn_like new_zeros new_ones new_full"
        " new_empty len range is_contiguous stride item tolist argmax argmin argsort eq ne gt lt"
        " ge le isnan isinf bool long int",
    ),
}

ATTENTION_FUNCTIONS = frozenset(
    "scaled_dot_product_attention dispatch_attention_fn flash_attn_func"
    " memory_efficient_attention flex_attention".split()
)

"""Their arguments are queries, keys and values, in this order."""
WITHOUT_STEPS = frozenset({"flex_attention"})
"""Those whose scores and pattern nothing else computes."""


def family(name: str) -> str:
    """Return what an operation is by the last name of its function: ``view`` for ``transpose``;
    its own name where it belongs to no family."""
    name = name.rsplit(".", 1)[-1]
    plain = name[:-1] if name.endswith("_") and not name.endswith("__") else name
    if plain in _FAMILIES:
        return _FAMILIES[plain]
    known = tensor_member(plain)
    # others that show the same numbers: not all, or not in their order
    return "slice" if known is not None and known.kind is Kind.VIEW else plain


_MODULE_FAMILIES = {
    "torch.nn.Softmax": "softmax",
    "torch.nn.Identity": "view",
    "torch.nn.Flatten": "view",
    "torch.nn.Unflatten": "view",
    "einops.layers.torch.Rearrange": "view",
    "torch.nn.Linear": "linear",
    "transformers.pytorch_utils.Conv1D": "linear",
    "torch.nn.MultiheadAttention": "attention",
}
_ACTIVATIONS = frozenset(
    "ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU ReLU"
    " ReLU6 RReLU SELU SiLU Sigmoid Softplus Softshrink Softsign Tanh Threshold CELU".split()
)


def module_family(dotted: str) -> str:
    """Return what calling a module of a library is."""
    if dotted in _MODULE_FAMILIES:
        return _MODULE_FAMILIES[dotted]
    last = dotted.rsplit(".", 1)[-1]
    if "Dropout" in last or last == "DropPath":
        return "dropout"
    if last in _ACTIVATIONS or dotted.startswith("transformers.activations."):
        return "activation"
    if is_norm_class(last):
        return "norm"
    known = library_class(dotted)
    if known is not None and dotted.startswith("torch.nn.Conv"):
        return "conv"
    return "module"
