"""Every quantizer of vector-quantize-pytorch's README."""

from __future__ import annotations

from functools import partial

from tests.zoo import readme_blocks
from tests.zoo.built import Call
from tests.zoo.recipes import floats

FEATURES = Call((floats(2, 64, 32),), {})
names = partial(readme_blocks.names, "vector-quantize-pytorch")
model = partial(
    readme_blocks.model,
    "vector-quantize-pytorch",
    changes=readme_blocks.PROPORTIONAL,
    uncalled=FEATURES,
)
