"""Modules for the tables of roles, and what is hooked in them."""

from __future__ import annotations

from textwrap import dedent, indent

from autohook_codegen import Options, hook_source

HEAD = """\
import torch
import torch.nn.functional as F
from einops import rearrange
from torch import nn
from transformers.activations import ACT2FN
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS


"""
ACTIVATIONS = Options(
    modules=False, params=False, activations=True, root=(), format=False, line_length=100
)


def module(
    statements: str, helpers: str = "", arguments: str = "self, x, memory=None, mask=None"
) -> str:
    """A module with one class: over `--` stands its `__init__`, under it its `forward`."""
    init, _, forward = dedent(statements).strip("\n").partition("\n--\n")
    return (
        HEAD
        + dedent(helpers).strip("\n")
        + "\n\n\nclass Model(nn.Module):\n    def __init__(self, width, config):\n"
        + "        super().__init__()\n"
        + indent(init + "\n", " " * 8)
        + f"\n    def forward({arguments}):\n"
        + indent(forward + "\n", " " * 8)
    )


def roles(source: str) -> dict[str, list[str]]:
    """The hook points of roles with the sources of what they hook, in the order of the source.

    Example:
        >>> roles(module("self.fc = nn.Linear(width, width)\\n--\\nreturn x + self.fc(x)"))
        {'resid_pre': ['x'], 'resid_post': ['x + self.fc(x)']}
    """
    found: dict[str, list[str]] = {}
    for site in hook_source(source, ACTIVATIONS).sites:
        if site.role is not None:
            assert site.attribute.startswith(site.role)
            found.setdefault(site.attribute, []).append(site.expression)
    return found
