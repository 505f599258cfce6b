"""What functions of the program know of one another: cells that only grow, and who reads them."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field

from autohook_codegen.analysis.filling_order import Ends
from autohook_codegen.analysis.joining import bounded, join
from autohook_codegen.analysis.trace import Definition, FunctionTrace, Growth
from autohook_codegen.analysis.values import NOT_REACHED, Value
from autohook_codegen.declares.files import ClassDecl, FileDecl, FunctionNode

__all__ = ["State", "Unit"]


@dataclass(eq=False, slots=True)
class Unit:
    """A function, the top level of a file, or the body of a class: what is interpreted at once."""

    node: FunctionNode | ast.Lambda | ast.Module | ast.ClassDef
    owner: ClassDecl | None
    file: FileDecl
    parent: Unit | None = None
    trace: FunctionTrace | None = None
    callees: dict[ast.AST, set[ast.AST]] = field(default_factory=dict)
    """By statement."""

    @property
    def turn(self) -> int:
        """What comes first: code outside of functions, then what makes instances, then the other
        functions, then all that was interpreted already."""
        if isinstance(self.node, ast.Module | ast.ClassDef):
            return 0
        if self.trace is not None:
            return _AGAIN
        return 1 if getattr(self.node, "name", "") == "__init__" else 2


_AGAIN = 3


class State:
    """The cells. A unit whose cells have grown is interpreted again, until none has."""

    def __init__(self) -> None:
        self._cells: dict[Hashable, Value] = {}
        self._readers: dict[Hashable, dict[Unit, None]] = {}
        self._pending: tuple[deque[Unit], ...] = tuple(deque() for _ in range(_AGAIN + 1))
        """By their turn."""
        self._waiting: set[Unit] = set()
        self.units: dict[ast.AST, Unit] = {}
        self.definitions: dict[ClassDecl, dict[str, dict[ast.AST, Definition]]] = {}
        self.growths: dict[ast.AST, dict[ast.AST, Growth]] = {}
        self.list_ends: dict[ast.AST, Ends | None] = {}
        """By what makes a list; the functions that have been looked at stand here too."""
        self.hooks: set[ast.AST] = set()
        """Functions that torch calls when a module runs, ``register_forward_hook``."""

    def read(self, cell: Hashable, reader: Unit) -> Value:
        """Return what the cell holds now; the reader comes again when it grows."""
        self._readers.setdefault(cell, {})[reader] = None
        return self._cells.get(cell, NOT_REACHED)

    def look(self, cell: Hashable) -> Value:
        """Return what the cell holds, when everything has come to its end."""
        return self._cells.get(cell, NOT_REACHED)

    def write(self, cell: Hashable, value: Value) -> None:
        """Join a value to the cell."""
        before = self._cells.get(cell, NOT_REACHED)
        if value <= before:
            return
        after = bounded(join(before, value))
        if after != before:
            self._cells[cell] = after
            for reader in self._readers.get(cell, ()):
                self.enqueue(reader)

    def enqueue(self, unit: Unit) -> None:
        if unit not in self._waiting:
            self._waiting.add(unit)
            self._pending[unit.turn].append(unit)

    def next(self) -> Unit | None:
        """Return the unit that is to be interpreted now.

        Of the functions that have not been, the one that stands last in its file: what calls others
        stands below them, and hands them their arguments.
        """
        for turn, units in enumerate(self._pending):
            while units:
                unit = units.pop() if 0 < turn < _AGAIN else units.popleft()
                if unit in self._waiting:  # and was not interpreted ahead of its turn
                    self._waiting.discard(unit)
                    return unit
        return None

    def take_ahead(self, unit: Unit) -> None:
        """The unit is interpreted ahead of its turn."""
        self._waiting.discard(unit)
