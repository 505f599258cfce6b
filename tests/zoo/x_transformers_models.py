"""Every model of x-transformers' README; most blocks make one and call none."""

from __future__ import annotations

from functools import partial

from tests.zoo import readme_blocks
from tests.zoo.built import Call
from tests.zoo.recipes import integers

TOKENS = Call((integers(200, 2, 64),), {})
names = partial(readme_blocks.names, "x-transformers")
model = partial(
    readme_blocks.model,
    "x-transformers",
    changes=readme_blocks.PROPORTIONAL,
    uncalled=TOKENS,
)
