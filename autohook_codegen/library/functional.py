"""Torch's functional activations, poolings and norms, and the classes that do the same."""

from __future__ import annotations

__all__ = ["FUNCTIONAL", "functional_name"]

FUNCTIONAL = frozenset(
    (
        "relu relu6 gelu silu elu selu celu leaky_relu prelu rrelu mish glu hardtanh hardswish"
        " hardsigmoid hardshrink softshrink softplus softsign tanhshrink threshold logsigmoid"
        " sigmoid tanh softmax softmin log_softmax gumbel_softmax"
        " max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d lp_pool1d lp_pool2d"
        " lp_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d"
        " adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d fractional_max_pool2d"
        " fractional_max_pool3d max_unpool1d max_unpool2d max_unpool3d"
        " layer_norm rms_norm batch_norm group_norm instance_norm local_response_norm normalize"
    ).split()
)
"""The names of ``torch.nn.functional``'s sections of these three titles."""

_BY_CLASS = {name.replace("_", ""): name for name in FUNCTIONAL}


def functional_name(cls: str) -> str | None:
    """Return ``max_pool2d`` for the class ``MaxPool2d``; ``None`` for one of another kind."""
    return _BY_CLASS.get(cls.lower())
