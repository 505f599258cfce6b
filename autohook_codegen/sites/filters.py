"""``--hook``, ``--only`` and ``--skip``: which sites the user wants."""

from __future__ import annotations

from fnmatch import fnmatchcase

from autohook_codegen.declares.program import Program
from autohook_codegen.options import Options, OptionsError
from autohook_codegen.sites.candidate import Candidate

__all__ = ["check_names", "is_wanted", "names_of"]


def names_of(candidate: Candidate) -> set[str]:
    """Every name that a pattern may match: class, attribute, both, and the class of what is
    called.
    """
    owner = candidate.scope.owner or candidate.reference.owner
    path = candidate.reference.path
    names = {
        owner.name,
        owner.qualified_name,
        path,
        f"{owner.name}.{path}",
        f"{owner.qualified_name}.{path}",
    }
    for one in candidate.reference.value.classes:
        if isinstance(one, str):
            parts = one.split(".")
            names |= {".".join(parts[index:]) for index in range(len(parts))}
        else:
            names |= {one.name, one.qualified_name}
    return names


def is_wanted(candidate: Candidate, options: Options) -> bool:
    if not (options.modules if candidate.kind == "module call" else options.params):
        return False
    if not options.only and not options.skip:
        return True
    names = names_of(candidate)
    if options.only and not _match(names, options.only):
        return False
    return not _match(names, options.skip)


def _match(names: set[str], patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def check_names(program: Program, candidates: list[Candidate], options: Options) -> None:
    """Raise `OptionsError` for a root or a pattern that names nothing in the input."""
    modules = [decl for decl in program.classes if decl.is_module]
    if not modules:
        return
    for root in options.root or ():
        if not any(root in (decl.name, decl.qualified_name) for decl in modules):
            known = ", ".join(sorted({decl.name for decl in modules})[:8])
            raise OptionsError(f"no module class is named {root!r}; there are {known}")
    known_names = {name for one in candidates for name in names_of(one)}
    known_names |= {name for decl in modules for name in (decl.name, decl.qualified_name)}
    for pattern in options.only:
        if not any(fnmatchcase(name, pattern) for name in known_names):
            raise OptionsError(
                f"--only {pattern!r} matches no class and no attribute that has a site"
            )
