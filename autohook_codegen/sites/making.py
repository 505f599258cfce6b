"""Spells the statements that make hook points, and those that add to a container of them."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from autohook_codegen import library
from autohook_codegen.analysis.trace import Growth, Trace
from autohook_codegen.analysis.values import (
    Attribute,
    Fields,
    Item,
    Items,
    Member,
    Module,
    Nothing,
    Step,
    Value,
)
from autohook_codegen.declares.files import ClassDecl, FileDecl
from autohook_codegen.sites.blocks import find_places
from autohook_codegen.sites.hook_points import HookPoint
from autohook_codegen.sites.paths import has_mixed_members, is_mixed, may_be_none, values_along

__all__ = ["CannotBeMadeError", "ContainerText", "growth_statement", "making_statement"]


_PLAIN_DICTS = frozenset({"dict", "collections.OrderedDict", "collections.defaultdict"})


class CannotBeMadeError(Exception):
    """No statement of the source can make the hook point; the text says why."""


def making_statement(
    hook_point: HookPoint,
    receiver: str,
    spelled: str,
    file: FileDecl,
    trace: Trace,
    set_to: Value | None = None,
) -> str:
    """Return ``self.fc1_hook_point = HookPoint()``, or the container of hook points beside a
    container; ``self.pre_hook_point = self.fc1_hook_point = HookPoint()`` of one with two names.

    `spelled` is how the file spells ``HookPoint``; `set_to` is what the attribute has been set to
    where the statement stands.
    """
    made = f"{spelled}()"
    beside = hook_point.made_with
    if beside.items:
        steps, values = beside.steps, values_along(beside, trace)
        values[1] = set_to if set_to is not None else values[1]
        made = ContainerText(spelled, file, trace).beside(receiver, steps, values)
    names = (hook_point.name, *hook_point.second_names)
    return " = ".join([*(f"{receiver}.{name}" for name in names), made])


def growth_statement(
    growth: Growth | None, container: str, hook_points: str, spelled: str, by_key: bool
) -> str | None:
    """Return the statement that follows one that adds a member; ``None`` where none is needed.

    Without a `growth` it is one that goes after whatever has added members: what is added is not
    evaluated again, the container itself says what is new.
    """
    match growth, by_key:
        case Growth(how="[]", arguments=(key, *_)), True:
            return f"{hook_points}[{ast.unparse(key)}] = {spelled}()"
        case Growth(how="[]"), False:
            return None  # another member in the place of one
        case Growth(how="append"), False:
            return f"{hook_points}.append({spelled}())"
        case Growth(how="insert", arguments=(place, _)), False:
            return f"{hook_points}.insert({ast.unparse(place)}, {spelled}())"
        case _, True:
            missing = f"name in {container} if name not in {hook_points}"
            return f"{hook_points}.update({{name: {spelled}() for {missing}}})"
    return f"{hook_points}.extend([{spelled}() for _ in {container}[len({hook_points}):]])"


@dataclass(frozen=True, slots=True)
class ContainerText:
    """Spells containers of hook points as a file names ``HookPoint`` and torch's containers."""

    spelled: str
    file: FileDecl
    trace: Trace

    def beside(
        self,
        holder: str,
        steps: Sequence[Step],
        values: Sequence[Value],
        depth: int = 1,
        dicts: int = 0,
    ) -> str:
        """Return ``nn.ModuleList([HookPoint() for _ in self.layers])`` for the steps behind
        `holder`, nested as the containers are.

        Raises:
            CannotBeMadeError: what the steps lead through is no container, or not always.
        """
        place = next(i for i, step in enumerate(steps) if isinstance(step, Item | Member))
        step, rest, value = steps[place], steps[place + 1 :], values[place]
        assert isinstance(step, Item | Member)
        is_own = depth == 1 and place == 1  # made only where it is a container
        if is_mixed(value) and not is_own:
            raise CannotBeMadeError("not every member is a container")
        empty = "{}" if step.by_key else "()"
        container = self._reached(holder, steps[:place], values, depth, empty)
        if may_be_none(value):
            container = f"{container} or {empty}"
        inner, member, name = f"{self.spelled}()", "_", _numbered("name", dicts + 1)
        if any(isinstance(one, Item | Member) for one in rest):
            if has_mixed_members(value, self.trace) and isinstance(rest[0], Item | Member):
                raise CannotBeMadeError("not every member is a container")
            member = _numbered("members", depth)
            inner = self.beside(member, rest, values[place + 1 :], depth + 1, dicts + step.by_key)
        if not step.by_key:
            return f"{self._named('ModuleList', value)}([{inner} for {member} in {container}])"
        if not _has_names_for_keys(value):
            raise CannotBeMadeError("its keys may be no names")
        whole = f"({container})" if " " in container else container
        kind, keys = self._named("ModuleDict", value), container
        own = next((one.kind for one in value if isinstance(one, Fields)), "")
        if isinstance(own, ClassDecl) and own.method("__getitem__"):
            kind, keys = self._own_class(own, value), f"{whole}.keys()"
        looped = f"{name} in {keys}" if member == "_" else f"{name}, {member} in {whole}.items()"
        return f"{kind}({{{name}: {inner} for {looped}}})"

    def _reached(
        self, text: str, steps: Sequence[Step], values: Sequence[Value], depth: int, empty: str
    ) -> str:
        """Return the container as the source reaches it, by ``getattr`` where it may not exist."""
        is_sure = True
        for place, (step, value) in enumerate(zip(steps, values, strict=False)):
            assert isinstance(step, Attribute)
            # The first attribute of `self` is set where its hook points are made.
            is_first = place == 0 and depth == 1
            is_sure = is_sure and (is_first or _surely_has(value, step.name, self.trace))
            is_last = place == len(steps) - 1 and not may_be_none(values[place + 1])
            default = empty if is_last else "None"
            text = (
                f"{text}.{step.name}" if is_sure else f'getattr({text}, "{step.name}", {default})'
            )
        return text

    def _named(self, container: str, value: Value) -> str:
        """Return ``torch.nn.ModuleList`` as the source writes it where the container is made, else
        as the file knows it."""
        for one in value:
            site = one.site if isinstance(one, Items | Fields) else None
            if isinstance(site, ast.Call) and isinstance(site.func, ast.Attribute):
                dotted = self.file.dotted(site.func) or ""
                if dotted.startswith("torch.nn."):
                    return f"{ast.unparse(site.func.value)}.{container}"
        imports = self.file.imports
        names = imports.names | imports.starred
        for alias, dotted in names.items():
            if dotted == "torch.nn":
                return f"{alias}.{container}"
        if names.get(container) == f"torch.nn.{container}" or "torch.nn" in imports.stars:
            return container
        for alias, dotted in names.items():
            if dotted == "torch":
                return f"{alias}.nn.{container}"
        raise CannotBeMadeError(f"the file has no name for nn.{container}")

    def _own_class(self, decl: ClassDecl, value: Value) -> str:
        """Return the container's own class, which turns keys into names, as the file spells it."""
        site = next((one.site for one in value if isinstance(one, Fields)), None)
        own = decl.method("__init__")
        arguments = own[1].args if own is not None else None
        takes_a_dict = arguments is None or (
            len(arguments.args) - len(arguments.defaults) <= 2 <= len(arguments.args)
            and len(arguments.kwonlyargs) == sum(one is not None for one in arguments.kw_defaults)
        )
        if isinstance(site, ast.Call) and takes_a_dict and decl.method("keys") and len(value) == 1:
            if self.trace.program.class_of(self.file, site.func) is decl:
                return ast.unparse(site.func)
        raise CannotBeMadeError(f"{decl.name} has keys of its own")


def _has_names_for_keys(value: Value) -> bool:
    """Tell whether an ``nn.ModuleDict`` takes the keys: those of one, or strings that are names
    and no attributes of it."""
    known = library.library_class("torch.nn.ModuleDict")
    taken = known.methods if known is not None else ()
    return any(isinstance(one, Fields) for one in value) and all(
        one.kind not in _PLAIN_DICTS
        or (
            not one.rest
            and all(key and "." not in key and key not in taken for key, _ in one.fields)
        )
        for one in value
        if isinstance(one, Fields)
    )


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


def _surely_has(value: Value, name: str, trace: Trace) -> bool:
    """Tell whether whatever the value is has the attribute, in each configuration."""
    return all(_alternative_has(one, name, trace) for one in value)


def _alternative_has(one: object, name: str, trace: Trace) -> bool:
    match one:
        case Nothing():
            return False
        case Fields(site=site) if site is not None:
            # Keys that stand in the call; what is added later may be added in one branch.
            return any(
                (isinstance(node, ast.keyword) and node.arg == name)
                or (isinstance(node, ast.Constant) and node.value == name)
                for node in ast.walk(site)
            )
        case Module(cls=ClassDecl() as cls):
            runs = trace.initialisers(cls)
            known = [d for decl in cls.mro for d in trace.definitions(decl, name)]
            return not known or any(
                definition.function is None
                or (
                    definition.function in runs
                    and find_places(
                        definition.function.body,
                        {other.statement for other in known},
                    )[1]
                )
                for definition in known
            )
    return True
