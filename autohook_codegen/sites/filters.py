"""``--hook``, ``--only`` and ``--skip``: which sites the user wants."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

from autohook_codegen.analysis.trace import FunctionTrace
from autohook_codegen.analysis.values import Fields, Items, Module
from autohook_codegen.declares.files import ClassDecl
from autohook_codegen.declares.program import Program
from autohook_codegen.options import Options, OptionsError
from autohook_codegen.sites.candidate import Candidate, Explicit, LeftAlone, Reference
from autohook_codegen.sites.hook_points import path_of

__all__ = ["check_names", "is_wanted"]


def is_wanted(one: Candidate | LeftAlone, options: Options) -> bool:
    """Tell whether the user wants the site, or to hear that there is none."""
    if one.reference is None or (isinstance(one, Candidate) and one.kind == "asked"):
        return True
    if not _is_of_wanted_kind(one, options):
        return False
    if not options.only and not options.skip:
        return True
    names = _names_of(one.reference, one.function)
    if isinstance(one, Candidate) and isinstance(one.form, Explicit):
        # one call shows both
        names |= {name.replace("attn_scores", "pattern") for name in names}
        names |= {name.replace("pattern", "attn_scores") for name in names}
    if options.only and not _match(names, options.only):
        return False
    return not _match(names, options.skip)


def _is_of_wanted_kind(one: Candidate | LeftAlone, options: Options) -> bool:
    match one:
        case Candidate(kind="parameter use"):
            return options.params
        case Candidate(kind="activation"):
            return options.activations
        case Candidate(kind="input"):
            return options.inputs
    return options.modules


def check_names(program: Program, candidates: Iterable[Candidate], options: Options) -> None:
    """Look whether every name that the user gave is one of the input.

    Raises:
        OptionsError: a root, an entry or a pattern names nothing in the input.
    """
    modules = [decl for decl in program.classes if decl.is_module]
    if not modules:
        return
    for root in options.root or ():
        if not any(root in (decl.name, decl.qualified_name) for decl in modules):
            known = ", ".join(sorted({decl.name for decl in modules})[:8])
            raise OptionsError(f"no module class is named {root!r}; there are {known}")
    for entry in options.entry:
        if not any(decl.method(entry) for decl in modules):
            raise OptionsError(f"--entry {entry!r} names no method of a module class")
    if not options.only:
        return
    names = {name for decl in modules for name in (decl.name, decl.qualified_name)}
    names.update(name for one in candidates for name in _names_of(one.reference, one.function))
    for pattern in options.only:
        if not _match(names, (pattern,)):
            raise OptionsError(
                f"--only {pattern!r} matches no class and no attribute that has a site"
            )


def _names_of(reference: Reference, function: FunctionTrace) -> set[str]:
    """Return every name that a pattern may match: class, attribute, both, and the class of what is
    called."""
    owner = function.owner or reference.owners[0]
    path = path_of(reference)
    names = {path, *(f"{name}.{path}" for name in (owner.name, owner.qualified_name))}
    kinds = {
        one.cls if isinstance(one, Module) else one.kind
        for one in reference.value
        if isinstance(one, Module | Items | Fields)
    }
    for one in (owner, *kinds):
        if isinstance(one, str):
            parts = one.split(".")
            names |= {".".join(parts[index:]) for index in range(len(parts))}
        elif isinstance(one, ClassDecl):
            names |= {one.name, one.qualified_name}
    return names


def _match(names: Collection[str], patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
