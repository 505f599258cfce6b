"""The imports that a file gains, and how it spells what they bring."""

from __future__ import annotations

from collections.abc import Mapping

from autohook_codegen.declares.files import FileDecl
from autohook_codegen.declares.program import Program
from autohook_codegen.rewrite.existing import Existing
from autohook_codegen.sites.edits import Edits

__all__ = ["Spellings", "add_imports"]

MODULES = {
    "auto_hook": "autohook_runtime",
    "explicit_if_hooked": "autohook_runtime",
    "HookedRootModule": "transformer_lens",
    "HookPoint": "transformer_lens.hook_points",
}
"""In the order in which the imports stand."""


class Spellings:
    """Under which name each file knows, or will know, ``HookPoint`` and its like."""

    def __init__(self, existing: Mapping[str, Existing]) -> None:
        self._existing = existing

    def standing(self, file: FileDecl, name: str) -> str | None:
        """The name in the file as it is: its own import, perhaps under an alias."""
        existing = self._existing.get(file.path)
        return existing.imported.spelling(name) if existing is not None else None

    def of(self, file: FileDecl, name: str) -> str:
        standing = self.standing(file, name)
        if standing is not None:
            return standing
        taken = {*file.by_name, *file.functions, *file.assignments, *file.imports.names}
        number, spelled = 1, name
        while spelled in taken:
            number += 1
            spelled = f"{name}_{number}"
        return spelled


def add_imports(program: Program, edits: Mapping[str, Edits], spellings: Spellings) -> None:
    """Import what the edits of each file use and the file does not import already."""
    for path, edit in edits.items():
        file = program.files[path]
        lines = [
            line
            for added in (edit.after, edit.before, edit.init_ends, edit.written_inits)
            for lines in added.values()
            for line in lines
        ]
        imported: dict[str, list[str]] = {}
        for name, module in MODULES.items():
            spelled = spellings.of(file, name)
            needed = {
                "HookedRootModule": bool(edit.bases),
                "explicit_if_hooked": bool(edit.explicit),
            }.get(name, any(f"{spelled}(" in line for line in lines))
            if needed and spellings.standing(file, name) is None:
                alias = "" if spelled == name else f" as {spelled}"
                imported.setdefault(module, []).append(f"{name}{alias}")
        edit.imports += [f"from {one} import {', '.join(names)}" for one, names in imported.items()]
