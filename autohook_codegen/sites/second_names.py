"""A value that is a module's own result and has a role too: one hook point, with two names."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from dataclasses import replace

from autohook_codegen.sites.candidate import Candidate, Wrap
from autohook_codegen.sites.hook_points import Families

__all__ = ["take_places"]


def take_places(found: Collection[Candidate], wanted: Collection[Candidate]) -> list[Candidate]:
    """Return the wanted candidates without those whose place a role takes.

    Where all calls of a module go to one role, the module's name is a second name of the role's
    hook point, which is made where the module is; where they go to several (one dropout for three
    branches) the module has none.
    """
    family = Families().key
    takers = _takers(found, wanted)
    calls: dict[object, list[Candidate]] = {}
    for one in found:
        if not one.reference.is_named:
            calls.setdefault(family(one.reference), []).append(one)
    sites: dict[object, list[Candidate]] = {}
    modules: dict[object, dict[object, Candidate]] = {}
    for one in wanted:
        if one.reference.is_named:
            sites.setdefault(family(one.reference), []).append(one)
    for module, its_calls in calls.items():
        roles = {family(takers[one].reference) if one in takers else None for one in its_calls}
        if len(roles) == 1 and None not in roles:
            modules.setdefault(roles.pop(), {})[module] = its_calls[0]
    taken_by: dict[Candidate, set[object]] = {}
    for one, taker in takers.items():
        taken_by.setdefault(taker, set()).add(family(one.reference))
    kept: list[Candidate] = []
    for one in wanted:
        if one in takers:
            continue
        role = family(one.reference)
        its_modules = modules.get(role, {}) if one.takes else {}
        if its_modules:
            (first, *_) = its_modules
            is_alone = all(taken_by.get(site) == {first} for site in sites[role])
            beside = its_modules[first].reference if is_alone else None
            second = [
                m.reference
                for m in its_modules.values()
                if any(c in wanted for c in calls[family(m.reference)])
            ]
            one = replace(one, beside=beside, second_names=(*one.second_names, *second))
        kept.append(one)
    return kept


def _takers(found: Iterable[Candidate], wanted: Iterable[Candidate]) -> dict[Candidate, Candidate]:
    """Return the calls and operations whose result has a role, each with the role's site."""
    roles = {place: one for one in wanted for place in one.takes}
    return {
        one: roles[place]
        for one in found
        if not one.reference.is_named
        and (place := _place(one)) in roles
        and _is_made_alike(one, roles[place])
    }


def _is_made_alike(one: Candidate, role: Candidate) -> bool:
    """Tell whether one statement can make both: a list for a list, one for one."""
    is_computed = one.reference.computed is not None
    return not is_computed and bool(one.reference.items) == bool(role.reference.items)


def _place(one: Candidate) -> ast.AST:
    """Return the call of the module, or the operation with the parameter."""
    if one.kind == "parameter use" and isinstance(one.form, Wrap):
        return one.form.node
    return one.node
