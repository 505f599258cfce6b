"""Facts about torch that the analysis needs and no source of the input says.

The names were read off ``torch.nn`` and ``torch.Tensor`` of torch 2.13; torch itself is never
imported.
"""

from __future__ import annotations

MODULE_LISTS = frozenset({"torch.nn.ModuleList", "torch.nn.ParameterList"})
MODULE_DICTS = frozenset({"torch.nn.ModuleDict", "torch.nn.ParameterDict"})
SEQUENTIAL = "torch.nn.Sequential"
CONTAINERS = MODULE_LISTS | MODULE_DICTS | {SEQUENTIAL}
"""Classes whose children are their items: a hook point among them would be taken for one."""

PARAMETER_CLASSES = frozenset(
    {
        "torch.nn.Parameter",
        "torch.nn.parameter.Parameter",
        "torch.nn.UninitializedParameter",
        "torch.nn.parameter.UninitializedParameter",
    }
)

STRUCTURED_RESULTS = {
    "torch.nn.LSTM": ("tensor", ("tensor", "tensor")),
    "torch.nn.GRU": ("tensor", "tensor"),
    "torch.nn.RNN": ("tensor", "tensor"),
    "torch.nn.LSTMCell": ("tensor", "tensor"),
    "torch.nn.MultiheadAttention": ("tensor", "optional"),
}
"""torch's modules whose ``forward`` returns a tuple, and what its elements are."""

UNCLEAR_RESULTS = frozenset({SEQUENTIAL, "torch.nn.Identity", "torch.nn.DataParallel"})
"""torch's modules that return whatever their members or their input are."""

_AFFINE = {"weight": False, "bias": True}
_BATCH_NORM = {"weight": True, "bias": True}
LIBRARY_PARAMETERS: dict[str, dict[str, bool]] = {
    **{
        f"torch.nn.{name}": _AFFINE
        for name in (
            "Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d "
            "ConvTranspose3d LayerNorm"
        ).split()
    },
    **{
        f"torch.nn.{name}": _BATCH_NORM
        for name in (
            "GroupNorm BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm InstanceNorm1d "
            "InstanceNorm2d InstanceNorm3d"
        ).split()
    },
    "torch.nn.RMSNorm": {"weight": True},
    "torch.nn.Embedding": {"weight": False},
    "torch.nn.EmbeddingBag": {"weight": False},
    "torch.nn.PReLU": {"weight": False},
    "torch.nn.MultiheadAttention": {
        "in_proj_weight": True,
        "in_proj_bias": True,
        "q_proj_weight": True,
        "k_proj_weight": True,
        "v_proj_weight": True,
        "bias_k": True,
        "bias_v": True,
    },
}
"""Parameters that a class inherits from one of torch's own, and whether each may be ``None``."""

LIBRARY_MEMBERS = {
    "torch.nn.MultiheadAttention": ("out_proj",),
    "torch.nn.TransformerEncoderLayer": (
        "self_attn linear1 dropout linear2 norm1 norm2 dropout1 dropout2 activation"
    ).split(),
    "torch.nn.TransformerDecoderLayer": (
        "self_attn multihead_attn linear1 dropout linear2 norm1 norm2 norm3 dropout1 dropout2 "
        "dropout3 activation"
    ).split(),
    "torch.nn.TransformerEncoder": ("layers", "norm"),
    "torch.nn.TransformerDecoder": ("layers", "norm"),
    "torch.nn.Transformer": ("encoder", "decoder"),
}
"""Submodules that a class inherits from one of torch's own."""

MODULE_METHODS = frozenset(
    (
        "add_module apply bfloat16 buffers call_super_init children compile cpu cuda double "
        "eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule "
        "half ipu load_state_dict modules mtia named_buffers named_children named_modules "
        "named_parameters parameters register_backward_hook register_buffer "
        "register_forward_hook register_forward_pre_hook register_full_backward_hook "
        "register_full_backward_pre_hook register_load_state_dict_post_hook "
        "register_load_state_dict_pre_hook register_module register_parameter "
        "register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ "
        "set_extra_state set_submodule share_memory state_dict to to_empty train type xpu "
        "zero_grad"
    ).split()
)

SAME_MODULE_METHODS = frozenset(
    "to eval train cuda cpu half float double bfloat16 requires_grad_ apply to_empty "
    "share_memory".split()
)
"""Methods of a module that give back the module."""

SAME_MODULE_FUNCTIONS = frozenset(
    (
        "deepcopy copy weight_norm spectral_norm parametrizations_weight_norm "
        "remove_weight_norm script compile checkpoint_wrapper torch_compile fuse_conv_bn_eval "
        "orthogonal convert_sync_batchnorm"
    ).split()
)
"""Functions, by their last name, that give back their first argument or a module in its place."""

TENSOR_PROPERTIES = frozenset("T mT H mH real imag".split())
"""Attributes of a tensor that are views of it."""

TENSOR_FACTS = frozenset(
    (
        "dtype shape device data grad ndim requires_grad is_cuda is_leaf is_meta is_sparse "
        "is_quantized itemsize nbytes layout grad_fn names retains_grad ds_id ds_shape "
        "tensor_model_parallel"
    ).split()
)
"""Attributes of a tensor that are no values of it; reading one is no parameter use."""

TENSOR_FACT_METHODS = frozenset(
    (
        "size dim numel nelement element_size stride storage_offset is_contiguous "
        "is_floating_point is_complex data_ptr get_device register_hook retain_grad "
        "untyped_storage storage ndimension type_as_string is_shared has_names dim_order "
        "backward register_post_accumulate_grad_hook new_zeros new_ones new_empty new_full "
        "new_tensor"
    ).split()
)

TENSOR_VIEWS = frozenset(
    (
        "float half double bfloat16 to type int long cpu cuda view reshape expand unsqueeze "
        "squeeze transpose permute t contiguous flatten unflatten repeat detach clone narrow "
        "select swapaxes swapdims movedim moveaxis broadcast_to view_as expand_as reshape_as "
        "type_as ravel diagonal requires_grad_ tile repeat_interleave index_select flip roll"
    ).split()
)
"""Methods that show the same numbers in another shape or type: they belong to the parameter."""

EINOPS_VIEWS = frozenset("rearrange repeat".split())

MULTIPLE_RESULTS = frozenset(
    (
        "topk sort split chunk unbind max min svd qr eig eigh slogdet meshgrid var_mean "
        "std_mean aminmax frexp tensor_split split_with_sizes hsplit vsplit dsplit kthvalue "
        "mode median nanmedian cummax cummin unique unique_consecutive lu broadcast_tensors "
        "tolist item lstm gru rnn_tanh nonzero_tuple atleast_1d max_pool2d_with_indices "
        "multi_head_attention_forward unpack pack triangular_solve geqrf histogram"
    ).split()
)
"""Functions and methods whose result may be no single tensor."""

NO_VALUE_FUNCTIONS = frozenset(
    (
        "is_tensor equal allclose is_floating_point numel is_complex no_grad zeros_like "
        "ones_like empty_like rand_like randn_like full_like randint_like result_type can_cast "
        "promote_types broadcast_shapes is_nonzero is_grad_enabled is_storage get_device_type "
        "isinstance len hasattr getattr setattr id type bool repr str print issubclass delattr "
        "callable dir vars hash"
    ).split()
)
"""Functions that only ask something of their argument."""

FACT_ARGUMENT_METHODS = frozenset(
    "to type_as expand_as view_as reshape_as new_tensor is_set_to is_same_size register_buffer "
    "register_parameter".split()
)
"""Methods of another tensor that take only the shape or type of their argument."""

TENSOR_METHODS = frozenset(
    (
        "abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr adjoint all "
        "allclose amax amin aminmax angle any apply_ arccos arcsin arctan arctan2 argmax "
        "argmin argsort argwhere as_strided asin asinh atan atan2 atanh backward baddbmm "
        "bernoulli bfloat16 bincount bitwise_and bitwise_not bitwise_or bitwise_xor bmm bool "
        "broadcast_to byte ceil cholesky chunk clamp clamp_max clamp_min clip clone conj "
        "contiguous copysign cos cosh count_nonzero cpu cross cuda cummax cummin cumprod "
        "cumsum data data_ptr det detach device diag diag_embed diagonal diff digamma dim dist "
        "div divide dot double dtype eq equal erf erfc erfinv exp exp2 expand expand_as expm1 "
        "fill_ flatten flip fliplr flipud float floor floor_divide fmax fmin fmod frac gather "
        "ge geqrf get_device grad grad_fn greater greater_equal gt half histc hypot imag index "
        "index_add index_copy index_fill index_put index_select inner int inverse "
        "is_contiguous is_cuda is_floating_point is_leaf isclose isfinite isinf isnan item "
        "kthvalue ldexp le lerp less less_equal lgamma log log10 log1p log2 log_softmax "
        "logaddexp logcumsumexp logical_and logical_not logical_or logical_xor logit logsumexp "
        "long lt masked_fill masked_scatter masked_select matmul matrix_power max maximum mean "
        "median min minimum mm moveaxis movedim mul multinomial multiply mv nan_to_num nanmean "
        "nansum narrow ndim ne neg negative new_empty new_full new_ones new_tensor new_zeros "
        "nonzero norm not_equal numel numpy outer permute pow prod qr quantile ravel real "
        "reciprocal relu remainder renorm repeat repeat_interleave requires_grad "
        "requires_grad_ reshape reshape_as retain_grad roll rot90 round rsqrt scatter "
        "scatter_add scatter_reduce select shape short sigmoid sign sin sinc sinh size "
        "slice_scatter softmax sort split split_with_sizes sqrt square squeeze std stride sub "
        "subtract sum swapaxes swapdims t take take_along_dim tan tanh tensor_split tile to "
        "tolist topk trace transpose tril triu true_divide trunc type type_as unbind unflatten "
        "unfold unique unsqueeze var vdot view view_as where T H mT mH nelement element_size "
        "ndimension is_complex hash_tensor untyped_storage layout is_meta register_hook "
        "register_forward_hook data_ptr storage"
    ).split()
)
"""What a read of this name on a call's result says: the result is a tensor."""

_NOT_TENSOR_FIELDS = frozenset(
    (
        "past_key_values past_key_value hidden_states attentions "
        "loss losses loss_dict config router_logits aux_loss memory rope_deltas cache to_tuple "
        "keys values items get"
    ).split()
)
_NOT_TENSOR_ENDINGS = ("_hidden_states", "_attentions")

TENSOR_LIST_FIELDS = frozenset({"feature_maps"})
"""Fields that hold a tuple of tensors (`BackboneOutput` of transformers)."""


def is_not_tensor_field(name: str) -> bool:
    """Whether a field of a structured output holds no tensor, or one that is often ``None``, going
    by its name (as the outputs of transformers name theirs)."""
    return name in _NOT_TENSOR_FIELDS or name.endswith(_NOT_TENSOR_ENDINGS)
