"""TransformerLens's names (`blocks.3.attn.hook_pattern`) for the roles of any model.

The blocks are the container whose members hold a `resid_post`; what is in a block is found by its
roles. Nothing of an architecture is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from re import fullmatch
from typing import Any

from torch import nn

from autohook_runtime.roles import ATTENTION, EXPERTS, MLP, ROLES, STREAM, roles_of

CONTAINERS = (nn.ModuleList, nn.ModuleDict, nn.Sequential)
Roles = dict[str, str]
"""The roles of one module, and the names of their hook points."""


@dataclass
class LensNames:
    """The names of a root, and why there are not more.

    Args:
        names: TransformerLens's, and the hook points' own.
        blocks: by prefix (`blocks`; `encoder` and `decoder`), the paths of the blocks.
        problem: why no block has a name.
    """

    names: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, list[str]] = field(default_factory=dict)
    problem: str = ""

    def why_not(self, name: str) -> str:
        """What is missing for a name of TransformerLens's; nothing for other names."""
        found = fullmatch(r"(blocks|encoder|decoder)\.(\d+)\.(?:.+\.)?hook_(\w+)", name)
        if found is None:
            return ""
        prefix, number, role = found[1], int(found[2]), found[3]
        if self.problem or prefix not in self.blocks:
            others = " and ".join(f"{other}.N" for other in self.blocks)
            return f": {self.problem or f'the blocks are {others}'}"
        if number >= len(self.blocks[prefix]):
            return f": there are {len(self.blocks[prefix])} blocks"
        if role not in ROLES:
            return f": {role!r} is no role"
        return f": no hook point in {self.blocks[prefix][number]!r} has the role {role!r}"


def lens_names(modules: dict[str, nn.Module]) -> LensNames:
    """Finds them among the modules of a root, which are given by path."""
    root = _Root(modules)
    containers = root.containers()
    if not containers:
        return LensNames(problem="no member of a container holds the role 'resid_post'")
    prefixes = dict(zip(["blocks"], containers, strict=False))
    if len(containers) > 1:
        crossing = [each for each in containers if root.crosses(containers[each])]
        if len(containers) > 2 or len(crossing) != 1:
            paths = " or ".join(containers)
            return LensNames(problem=f"the blocks may be those of {paths}")
        encoder = next(each for each in containers if each not in crossing)
        prefixes = {"encoder": encoder, "decoder": crossing[0]}
    result = LensNames(blocks={prefix: containers[path] for prefix, path in prefixes.items()})
    for prefix, path in prefixes.items():
        for number, member in enumerate(containers[path]):
            for name, own in (*_Block(member, root).names(), *root.beside(path, number)):
                result.names[f"{prefix}.{number}.{name}"] = own
    return result


class _Root:
    """The modules of a root by their paths, and the roles of those that hold some."""

    def __init__(self, modules: dict[str, nn.Module]) -> None:
        self.modules, self.holders = modules, dict[str, Roles]()
        for path, module in modules.items():
            if roles := roles_of(module):
                start = f"{path}." if path else ""
                self.holders[path] = {role: start + held for role, held in roles.items()}

    def containers(self) -> dict[str, list[str]]:
        """The containers of blocks, and the paths of their members."""
        found: dict[str, list[str]] = {}
        for path, roles in self.holders.items():
            if "resid_post" not in roles:
                continue
            stream = self.modules[roles["resid_post"]]
            if isinstance(stream, nn.ModuleList):
                container = self._listed_beside(path, len(stream))
            else:
                container = self.around(path)
                outer = None if container is None else self.around(container)
                # a block's parts may stand in a list, too
                if outer is not None and not self._has_whole(container) and self._has_whole(outer):
                    container = outer
            if container is not None:
                members = self.modules[container]._modules
                found[container] = [f"{container}.{name}" for name in members]
        inner = [path for path in found if any(path.startswith(f"{other}.") for other in found)]
        return {path: members for path, members in found.items() if path not in inner}

    def around(self, path: str) -> str | None:
        """The nearest container in one of whose members this is."""
        while path:
            path = path.rpartition(".")[0]
            if isinstance(self.modules[path], CONTAINERS):
                return path
        return None

    def inside(self, path: str) -> dict[str, Roles]:
        """Of this module and those in it."""
        return {
            other: roles
            for other, roles in self.holders.items()
            if other == path or other.startswith(f"{path}.")
        }

    def _has_whole(self, container: Any) -> bool:
        """Whether one member holds both an attention and a perceptron."""
        for name in self.modules[container]._modules:
            inside = self.inside(f"{container}.{name}").values()
            roles = {role for each in inside for role in each}
            if "z" in roles and roles & {"post", *EXPERTS}:
                return True
        return False

    def _listed_beside(self, path: str, count: int) -> str | None:
        """The container for whose members there is a list of hook points beside it."""
        start = f"{path}." if path else ""
        for name, child in self.modules[path]._modules.items():
            is_container = isinstance(child, CONTAINERS) and len(child._modules) == count
            if is_container and self.inside(start + name):
                return start + name
        return None

    def beside(self, path: str, number: int) -> Iterator[tuple[str, str]]:
        """The stream's names where its hook points stand in lists beside the container."""
        roles = self.holders.get(path.rpartition(".")[0], {})
        for role in STREAM if "resid_post" in roles else ():
            if role in roles:
                yield f"hook_{role}", f"{roles[role]}.{number}"

    def crosses(self, members: Iterable[str]) -> bool:
        """Whether they look at another sequence, too."""
        inside = [self.inside(member).values() for member in members]
        has_role = any("resid_mid_cross" in roles for each in inside for roles in each)
        return has_role or any(sum("z" in roles for roles in each) == 2 for each in inside)


class _Block:
    """One block, and what is in it."""

    def __init__(self, path: str, root: _Root) -> None:
        self.path, self.root = path, root
        self.inside = root.inside(path)
        self.parts = [
            each for each, roles in self.inside.items() if each != path and "resid_post" in roles
        ]

    def names(self) -> Iterator[tuple[str, str]]:
        for role, own in self.stream().items():
            yield f"hook_{role}", own
        for attention, holder in self.attentions().items():
            for role in ATTENTION:
                if role in self.inside[holder]:
                    yield f"{attention}.hook_{role}", self.inside[holder][role]
        for part, roles in self.perceptrons():
            for role in (*MLP, *EXPERTS):
                if role in roles:
                    yield f"{part}.hook_{role}", roles[role]

    def stream(self) -> Roles:
        """Its own, or what its parts add for it: the first is its middle, the last its end."""
        own = self.inside.get(self.path, {})
        found = {role: own[role] for role in STREAM if role in own}
        if not self.parts or ("resid_post" in own and "resid_mid" in own):
            return found
        if "resid_post" in own:  # it adds one branch, a part of it the other
            added = self.inside[self.parts[0]]["resid_post"]
            if any("z" in roles for roles in self.root.inside(self.parts[0]).values()):
                return found | {"resid_mid": added}
            return found | {"resid_mid": own["resid_post"], "resid_post": added}
        first, *between = self.parts[:-1] or [""]
        if first:
            found["resid_mid"] = self.inside[first]["resid_post"]
        if len(between) == 1:
            found["resid_mid_cross"] = self.inside[between[0]]["resid_post"]
        found["resid_post"] = self.inside[self.parts[-1]]["resid_post"]
        for part in self.parts:
            for role in ("resid_pre", "attn_out", "cross_attn_out", "mlp_out"):
                if role in self.inside[part]:
                    found.setdefault(role, self.inside[part][role])
        return found

    def attentions(self) -> dict[str, str]:
        """Whoever holds a `z`; of two, the one that is made later looks at another sequence."""
        if "z" in self.inside.get(self.path, {}):
            return {"attn": self.path}
        found = [path for path, roles in self.inside.items() if "z" in roles]
        if len(found) == 1:
            return {"attn": found[0]}
        if len(found) == 2 and "resid_mid_cross" in self.stream():
            return {"attn": found[0], "cross_attn": found[1]}
        return {}

    def perceptrons(self) -> Iterator[tuple[str, Roles]]:
        """Whoever holds a `post`, or the part that holds experts, and these by their number."""
        alone: list[Roles] = []
        experts: list[tuple[str, Roles]] = []
        for path, roles in self.inside.items():
            if "post" not in roles:
                continue
            container = (self.root.around(path) if path != self.path else None) or ""
            is_member = path.rpartition(".")[0] == container and container.startswith(
                f"{self.path}."
            )
            if is_member and self._are_alike(container):
                experts.append((f"mlp.experts.{path.rpartition('.')[2]}", roles))
            else:
                alone.append(roles)
        routers = [roles for roles in self.inside.values() if "expert_weights" in roles]
        yield from experts
        for roles in routers[:1]:
            yield "mlp", {role: roles[role] for role in EXPERTS if role in roles}
        if len(alone) == 1 and not experts:
            yield "mlp", alone[0]

    def _are_alike(self, container: str) -> bool:
        """Whether the members of a container are experts, of one class, and no parts of a block."""
        return len({type(each) for each in self.root.modules[container]._modules.values()}) == 1
