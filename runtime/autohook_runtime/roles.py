"""Roles: what hook points inside of a forward stand for, known by their attributes' names.

`autohook-gen --hook activations` writes them. They are roles only where they stand as it writes
them: attention's beside a `z`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from torch import nn
from transformer_lens.hook_points import HookPoint

ATTENTION = ("q", "k", "v", "rot_q", "rot_k", "attn_scores", "pattern", "z")
MLP = ("pre", "pre_linear", "post")
EXPERTS = ("expert_weights", "expert_indices")
BRANCHES = ("attn_out", "cross_attn_out", "mlp_out")
STREAM = ("resid_pre", "resid_mid", "resid_mid_cross", "resid_post", *BRANCHES)
ROLES = frozenset((*ATTENTION, *MLP, *EXPERTS, *STREAM))
PATTERNS = ("{name}_hook_point", "hook_{name}")
"""How the words are written: as by default, and as TransformerLens does."""


def roles_of(module: nn.Module, patterns: Iterable[str] = PATTERNS) -> dict[str, str]:
    """The roles that a module's own hook points have, and the attributes that hold these: hook
    points, or lists with one for each member of a container."""
    roles = dict(_words(module, patterns))
    return {role: roles[role] for role in roles if role not in ATTENTION or "z" in roles}


def covered_by_roles(module: nn.Module) -> dict[nn.Module, HookPoint]:
    """Modules of which each call has a role of its own, and no other hook point: one dropout for
    several branches of a block."""
    count = Counter(map(id, module._modules.values()))
    roles = roles_of(module)
    branches = [module._modules[roles[role]] for role in BRANCHES if role in roles]
    alone = [each for each in branches if isinstance(each, HookPoint) and count[id(each)] == 1]
    if not alone:
        return {}
    return {
        child: alone[0]
        for child in module._modules.values()
        if child is not None
        and not isinstance(child, HookPoint)
        and not child._modules
        and not child._parameters
    }


def _words(module: nn.Module, patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
    for attribute, child in module._modules.items():
        is_list = isinstance(child, nn.ModuleList)
        if not isinstance(child, HookPoint) and not is_list:
            continue
        for pattern in patterns:
            before, after = pattern.split("{name}")
            after = f"{after}s" if is_list and after else after
            name = attribute[len(before) : len(attribute) - len(after)]
            if name in ROLES and attribute == before + name + after:
                yield name, attribute
