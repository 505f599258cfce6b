"""Which files are interpreted whole: those that hold or may name a module.

Half the files of a tree of models are tokenizers, configurations and the like. What stands there
is interpreted when something calls it.
"""

from __future__ import annotations

from autohook_codegen.analysis.instances import may_be_module
from autohook_codegen.declares.files import FileDecl
from autohook_codegen.declares.program import Program

__all__ = ["files_of_interest"]


def files_of_interest(program: Program) -> frozenset[FileDecl]:
    """Return the files that hold a module class, or import a file that does."""
    importers: dict[FileDecl, list[FileDecl]] = {}
    for file in program.files.values():
        for dotted in (*file.imports.names.values(), *file.imports.stars):
            place = program.find(dotted)
            if place is not None:
                importers.setdefault(place[0], []).append(file)
    stack = [
        file
        for file in program.files.values()
        if any(decl.is_module or may_be_module(decl) for decl in file.classes)
    ]
    found: set[FileDecl] = set()
    while stack:
        file = stack.pop()
        if file not in found:
            found.add(file)
            stack += importers.get(file, ())
    return frozenset(found)
