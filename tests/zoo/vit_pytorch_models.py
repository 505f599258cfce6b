"""Every model of vit-pytorch's README."""

from __future__ import annotations

from functools import partial

from tests.zoo import readme_blocks

names = partial(readme_blocks.names, "vit-pytorch")
model = partial(readme_blocks.model, "vit-pytorch")
