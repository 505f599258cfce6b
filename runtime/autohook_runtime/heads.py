"""How a hook point shows the heads that a dimension holds."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformer_lens.conversion_utils.conversion_steps.base_tensor_conversion import (
    BaseTensorConversion,
)


class Heads(BaseTensorConversion):
    """A last dimension as one of heads and one of what is in each."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def handle_conversion(self, input_value: Tensor, *full_context: Any) -> Tensor:
        return input_value.reshape(*input_value.shape[:-1], self.count, -1)

    def revert(self, input_value: Tensor, *full_context: Any) -> Tensor:
        return input_value.flatten(-2)
