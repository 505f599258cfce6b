"""TransformerLens's names (`blocks.3.attn.hook_pattern`) for the roles of any model.

The blocks are the container whose members hold a `resid_post`; what is in a block is found by its
roles. Nothing of an architecture is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from re import fullmatch

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
    held = {path: _named(path, module) for path, module in modules.items()}
    holders = {path: roles for path, roles in held.items() if roles}
    containers = _containers(modules, holders)
    if not containers:
        return LensNames(problem="no member of a container holds the role 'resid_post'")
    prefixes = dict(zip(["blocks"], containers, strict=False))
    if len(containers) > 1:
        crossing = [each for each in containers if _crosses(containers[each], holders)]
        if len(containers) > 2 or len(crossing) != 1:
            paths = " or ".join(containers)
            return LensNames(problem=f"the blocks may be those of {paths}")
        encoder = next(each for each in containers if each not in crossing)
        prefixes = {"encoder": encoder, "decoder": crossing[0]}
    result = LensNames(blocks={prefix: containers[path] for prefix, path in prefixes.items()})
    for prefix, path in prefixes.items():
        for number, member in enumerate(containers[path]):
            block = _Block(member, holders, modules)
            beside = _beside(path, number, holders)
            for name, own in (*block.names(), *beside):
                result.names[f"{prefix}.{number}.{name}"] = own
    return result


def _named(path: str, module: nn.Module) -> Roles:
    start = f"{path}." if path else ""
    return {role: start + attribute for role, attribute in roles_of(module).items()}


def _is_list(holders: dict[str, Roles], path: str, modules: dict[str, nn.Module]) -> bool:
    return isinstance(modules[holders[path]["resid_post"]], nn.ModuleList)


def _containers(modules: dict[str, nn.Module], holders: dict[str, Roles]) -> dict[str, list[str]]:
    """The containers of blocks, and the paths of their members."""
    found: dict[str, list[str]] = {}
    for path, roles in holders.items():
        if "resid_post" not in roles:
            continue
        if _is_list(holders, path, modules):
            container = _listed_beside(path, modules, holders)
        else:
            container = _around(path, modules)
            outer = None if container is None else _around(container, modules)
            # a block's parts may stand in a list, too
            if container is not None and outer is not None:
                if not _has_whole(container, modules, holders):
                    container = outer if _has_whole(outer, modules, holders) else container
        if container is not None:
            found[container] = [f"{container}.{name}" for name in modules[container]._modules]
    inner = [path for path in found if any(path.startswith(f"{other}.") for other in found)]
    return {path: members for path, members in found.items() if path not in inner}


def _around(path: str, modules: dict[str, nn.Module]) -> str | None:
    """The nearest container in one of whose members this is."""
    while path:
        path = path.rpartition(".")[0]
        if isinstance(modules[path], CONTAINERS):
            return path
    return None


def _inside(path: str, holders: dict[str, Roles]) -> dict[str, Roles]:
    return {
        other: roles
        for other, roles in holders.items()
        if other == path or other.startswith(f"{path}.")
    }


def _has_whole(container: str, modules: dict[str, nn.Module], holders: dict[str, Roles]) -> bool:
    """Whether one member holds both an attention and a perceptron."""
    for name in modules[container]._modules:
        inside = _inside(f"{container}.{name}", holders).values()
        roles = {role for each in inside for role in each}
        if "z" in roles and roles & {"post", *EXPERTS}:
            return True
    return False


def _listed_beside(
    path: str, modules: dict[str, nn.Module], holders: dict[str, Roles]
) -> str | None:
    """The container for whose members there is a list of hook points beside it."""
    start = f"{path}." if path else ""
    count = len(modules[holders[path]["resid_post"]]._modules)
    for name, child in modules[path]._modules.items():
        is_container = isinstance(child, CONTAINERS) and len(child._modules) == count
        if is_container and _inside(start + name, holders):
            return start + name
    return None


def _beside(path: str, number: int, holders: dict[str, Roles]) -> Iterator[tuple[str, str]]:
    """The stream's names where its hook points stand in lists beside the container."""
    roles = holders.get(path.rpartition(".")[0], {})
    if "resid_post" in roles:
        for role in STREAM:
            if role in roles:
                yield f"hook_{role}", f"{roles[role]}.{number}"


def _crosses(members: Iterable[str], holders: dict[str, Roles]) -> bool:
    """Whether they look at another sequence, too."""
    inside = [_inside(member, holders).values() for member in members]
    has_role = any("resid_mid_cross" in roles for each in inside for roles in each)
    return has_role or any(sum("z" in roles for roles in each) == 2 for each in inside)


class _Block:
    """One block, and what is in it."""

    def __init__(self, path: str, holders: dict[str, Roles], modules: dict[str, nn.Module]) -> None:
        self.path, self.modules = path, modules
        self.inside = _inside(path, holders)
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
            if any("z" in roles for roles in _inside(self.parts[0], self.inside).values()):
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
            container = _around(path, self.modules) if path != self.path else None
            if container is None or not container.startswith(f"{self.path}."):
                alone.append(roles)
            elif path.rpartition(".")[0] == container and self._are_alike(container):
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
        return len({type(each) for each in self.modules[container]._modules.values()}) == 1
