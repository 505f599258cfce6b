__name__ = "einops"

def rearrange(tensor, pattern, **axes) -> View: ...
def repeat(tensor, pattern, **axes) -> View: ...
def reduce(tensor, pattern, reduction, **axes) -> Tensor: ...
def einsum(*tensors_and_pattern) -> Tensor: ...
def pack(tensors, pattern) -> tuple[Joined, Fact]: ...
def unpack(tensor, packed_shapes, pattern) -> list[View]: ...
def parse_shape(x, pattern) -> Fact: ...
def asnumpy(tensor) -> Fact: ...

__name__ = "einops.layers.torch"

class Rearrange(Module):
    def forward(self, input) -> Tensor: ...

class Reduce(Rearrange): ...

class EinMix(Rearrange):
    weight: Parameter
    bias: Parameter | None

__name__ = "fancy_einsum"

def einsum(equation, *operands) -> Tensor: ...

__name__ = "jaxtyping"

Float = Tensor
Int = Tensor
Bool = Tensor
Shaped = Tensor
Num = Tensor
Real = Tensor
Inexact = Tensor
Integer = Tensor
Complex = Tensor
UInt = Tensor
