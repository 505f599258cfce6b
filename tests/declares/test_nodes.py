"""The nodes of a file: what stands where, as `ast` itself walks the tree."""

from __future__ import annotations

import ast

import pytest

from autohook_codegen.declares.nodes import Nodes

TREE = ast.parse(
    """
import torch

class Net(Base, metaclass=Meta):
    @decorated
    def forward(self, x: int, *rest, scale=1, **more) -> int:
        y = {a: b for a, b in x.items() if a < b < 2}
        match y:
            case {"k": [first, *_]} if first:
                y += lambda: -first
        try:
            return f"{y!r}" or y[1:2]
        except (A, B) as error:
            with error as e:
                raise
"""
)
NODES = Nodes(TREE)
PLACED = [node for node in ast.walk(TREE) if not isinstance(node, ast.expr_context | ast.operator)]
PLACED = [node for node in PLACED if not isinstance(node, ast.unaryop | ast.boolop | ast.cmpop)]


def test_each_node_has_one_place() -> None:
    assert set(NODES.order) == set(PLACED)
    assert sorted(NODES.order.values()) == list(range(len(PLACED)))


@pytest.mark.parametrize("node", PLACED)
def test_what_stands_in_a_node(node: ast.AST) -> None:
    inside = NODES.within(node)
    assert inside[0] is node
    assert set(inside) == set(ast.walk(node)) & set(PLACED)
    assert all(NODES.holds(node, one) == (one in inside) for one in PLACED)


@pytest.mark.parametrize("node", PLACED)
def test_children_come_in_the_order_of_ast(node: ast.AST) -> None:
    children = [one for one in ast.iter_child_nodes(node) if one in NODES.order]
    places = [NODES.order[one] for one in children]
    assert places == sorted(places)
    assert all(NODES.parent(one) is node for one in children)
    assert all([*NODES.around(one)] == [node, *NODES.around(node)] for one in children)


def test_nothing_stands_around_the_whole() -> None:
    assert NODES.parent(TREE) is None
    assert [*NODES.around(TREE)] == []


def test_a_walk_leaves_out_what_stands_in_closed_nodes() -> None:
    tree = ast.parse("a = f(lambda: b)\ndef g(): c")
    found = Nodes(tree).walk(tree.body, (ast.Lambda, ast.FunctionDef))
    names = [one.id for one in found if isinstance(one, ast.Name)]
    assert names == ["a", "f"]


def test_a_node_of_another_tree_has_no_place() -> None:
    other = ast.parse("x")
    assert not NODES.holds(TREE, other)
    assert NODES.parent(other) is None
