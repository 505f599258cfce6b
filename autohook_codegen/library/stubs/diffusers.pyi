__name__ = "diffusers.models"

class ModelMixin(Module):
    config: Fact
    device: Fact
    dtype: Fact
    def from_pretrained(self, *args) -> Input: ...
    def enable_gradient_checkpointing(self, *args) -> None: ...

class ConfigMixin:
    def from_config(self, *args) -> Input: ...
    def register_to_config(self, *args) -> None: ...

def register_to_config(init) -> Input: ...
def get_activation(act_fn) -> _Activation: ...

__name__ = "diffusers.utils"

class BaseOutput:
    has_fields = True

__name__ = "diffusers.models.modeling_outputs"

class AutoencoderKLOutput(BaseOutput):
    latent_dist: Any

class Transformer2DModelOutput(BaseOutput):
    sample: Tensor

class DecoderOutput(BaseOutput):
    sample: Tensor
    commit_loss: Tensor | None

class UNet2DOutput(BaseOutput):
    sample: Tensor

class UNet2DConditionOutput(UNet2DOutput): ...
