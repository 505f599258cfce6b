"""Which names are those of hook points."""

from __future__ import annotations

import ast
import re
from functools import cached_property

from autohook_codegen.analysis.names_computed import name_shape, template_of
from autohook_codegen.options import DEFAULT_NAME, Options

__all__ = ["INDEX_NAME", "HookNames"]

INDEX_NAME = re.compile(r"hook_index(_\d+)?")
FIXED_WORDS = ("hook_index", "HookPoint", "HookedRootModule", "auto_hook", "explicit_if_hooked")


class HookNames:
    """The names that follow the pattern of `options.name`.

    The default pattern says by itself what is a hook point. Any other (``hook_{name}``) may fit an
    author's own methods too, so there a name must be made in the file, or wrap what it names.
    """

    def __init__(self, options: Options) -> None:
        before, after = options.name.split("{name}")
        self._before = before
        self._after = after
        self._telling = options.name == DEFAULT_NAME
        core = re.escape(before) + r"(?P<name>\w+?)" + re.escape(after)
        self._single = re.compile(core + r"(?:_\d+)?")
        self._plural = re.compile(core + ("s" if after else "") + r"(?:_\d+)?")
        self.made: set[str] = set()
        """Names that a statement of the file makes a hook point."""
        self.taken: set[str] = set()
        """Names of functions in the file, and of attributes that are something else."""

    @cached_property
    def words(self) -> re.Pattern[str]:
        """Finds any of the words that a rewritten text holds."""
        fixed = [re.escape(word) for word in FIXED_WORDS]
        return re.compile("|".join([*fixed, re.escape(self._before or self._after)]))

    def is_single(self, name: str) -> bool:
        """Whether `name` is that of one hook point: ``fc1_hook_point``, ``fc1_hook_point_2``."""
        return self._fits(self._single, name)

    def is_plural(self, name: str) -> bool:
        """Whether `name` is that of a container of hook points: ``layers_hook_points``."""
        return self._fits(self._plural, name)

    def _fits(self, pattern: re.Pattern[str], name: str) -> bool:
        if name in self.taken or INDEX_NAME.fullmatch(name):
            return False
        return pattern.fullmatch(name) is not None

    def vouched(self, name: str, expression: ast.expr) -> bool:
        """Whether a name that fits the pattern surely is a hook point around `expression`."""
        if self._telling or name in self.made:
            return True
        named = {
            found["name"]
            for pattern in (self._single, self._plural)
            if (found := pattern.fullmatch(name)) is not None
        }
        inside: set[str] = set()
        chains: set[str] = set()
        for node in ast.walk(expression):
            if isinstance(node, ast.Attribute):
                inside.add(node.attr)
                chains.add("_".join(_chain(node)[1:]))
            elif isinstance(node, ast.Name):
                inside.add(node.id)
        return bool(named & (inside | chains))

    def fits_string(self, node: ast.expr) -> bool:
        """Whether a string, formatted or not, spells a hook point: ``f"layer{i}_hook_point"``."""
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and self.is_single(node.value)
        if not isinstance(node, ast.JoinedStr | ast.BinOp) and template_of(node) is None:
            return False
        return self.is_single(_spelled(node))


def _spelled(node: ast.expr) -> str:
    """``xlayerx`` for a name that is worked out, with ``x`` for what is filled in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_spelled(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _spelled(node.left) + _spelled(node.right)
    if template_of(node) is not None:
        return "".join(part or "x" for part in name_shape(node) or ())
    return "x"


def _chain(node: ast.expr) -> list[str]:
    """``["self", "mlp", "up"]`` for ``self.mlp.up``."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "")
    return parts[::-1]
