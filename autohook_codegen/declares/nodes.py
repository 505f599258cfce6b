"""The nodes of a file's tree, in the order in which they are written."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

__all__ = ["Nodes"]

_WITHOUT_PLACE = frozenset({"ctx", "op", "ops"})
"""Python makes one node of each context and operator for a whole process."""


class Nodes:
    """Each node of a tree with its place, what it stands in and what stands in it.

    The tree is walked once: `ast.walk` and `ast.iter_child_nodes` for every question took a
    quarter of a rewrite's time.
    """

    def __init__(self, tree: ast.AST) -> None:
        self._all: list[ast.AST] = []
        self._around: list[int] = []
        """The place of what each node stands in."""
        self.order: dict[ast.AST, int] = {}
        """The place of each node in a walk in depth."""
        stack: list[tuple[ast.AST, int]] = [(tree, -1)]
        while stack:
            node, around = stack.pop()
            place = len(self._all)
            self.order[node] = place
            self._all.append(node)
            self._around.append(around)
            for name in reversed(node._fields):
                if name in _WITHOUT_PLACE:
                    continue
                value = getattr(node, name, None)
                if isinstance(value, list):
                    stack += [(one, place) for one in reversed(value) if isinstance(one, ast.AST)]
                elif isinstance(value, ast.AST):
                    stack.append((value, place))
        self._ends = list(range(1, len(self._all) + 1))
        """The place behind all that stands in each node."""
        for place in range(len(self._all) - 1, 0, -1):
            around = self._around[place]
            self._ends[around] = max(self._ends[around], self._ends[place])

    def within(self, node: ast.AST) -> Sequence[ast.AST]:
        """Return the node and all that stands in it.

        Example:
            >>> tree = ast.parse("x = f(y)")
            >>> [type(one).__name__ for one in Nodes(tree).within(tree.body[0].value)]
            ['Call', 'Name', 'Name']
        """
        place = self.order[node]
        return self._all[place : self._ends[place]]

    def holds(self, node: ast.AST, inner: ast.AST) -> bool:
        """Tell whether `inner` is the node or stands in it."""
        start, place = self.order[node], self.order.get(inner)
        return place is not None and start <= place < self._ends[start]

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return what the node stands in."""
        place = self.order.get(node)
        around = self._around[place] if place is not None else -1
        return self._all[around] if around >= 0 else None

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what the node stands in, from the inside."""
        place = self.order.get(node)
        while place is not None and (place := self._around[place]) >= 0:
            yield self._all[place]

    def walk(
        self, starts: Iterable[ast.AST], closed: tuple[type[ast.AST], ...]
    ) -> Iterator[ast.AST]:
        """Yield the starts and what stands in them, but nothing that stands in a node of the
        `closed` types."""
        for start in starts:
            place = self.order[start]
            end = self._ends[place]
            while place < end:
                node = self._all[place]
                yield node
                place = self._ends[place] if isinstance(node, closed) else place + 1
