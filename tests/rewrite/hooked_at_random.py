"""A rewriter that decides by chance: hook points of every form, wherever the syntax allows them.

What it writes has no meaning. It tries the writing and the way back on any text at all, not on
models alone.
"""

from __future__ import annotations

import ast
import random

from autohook_codegen.options import Options
from autohook_codegen.rewrite.insertion import insert
from autohook_codegen.sites.edits import BaseEdit, Edits, LoopEdit, WrapEdit
from autohook_codegen.source import Source, read_source
from autohook_codegen.source.precedence import needs_brackets

VALUES = (ast.Attribute, ast.BinOp, ast.Call, ast.Name, ast.Subscript, ast.UnaryOp)
HOOK_POINTS = (
    "self.fc1_hook_point",
    "attn.to_q_hook_point_2",
    "self.layers_hook_points[hook_index]",
    'self.a_hook_points["x"][i + 1]',
    'self.a_hook_points["{x}"]',
    'getattr(self, f"layer{i}_hook_point")',
)
MAKING = (
    "self.fc1_hook_point = HookPoint()",
    "self.a_hook_points = nn.ModuleList([HookPoint() for _ in self.a or ()])",
    "self.a_hook_points = nn.ModuleDict({name: HookPoint() for name in self.a})",
    "self.a_hook_points = nn.ModuleList([ModuleList([HookPoint() for _ in b]) for b in self.a])",
    'self.a_hook_points["# {k}"] = HookPoint()',
    "self.a_hook_points.append(HookPoint())",
    "self.a_hook_points.update({name: HookPoint() for name in b})",
    'setattr(self, f"layer{i}_hook_point", HookPoint())',
)
ENDINGS = (
    "self.setup()",
    "auto_hook(self)  # adds the hook points inside A",
    "auto_hook(self)  # adds the hook points inside " + ", ".join(["Layer.feed_forward"] * 4),
)
IMPORTS = [
    "from autohook_runtime import auto_hook",
    "from transformer_lens import HookedRootModule",
    "from transformer_lens.hook_points import HookPoint",
]
TYPE_PARAMETER = getattr(ast, "type_param", ast.pattern)
CONDITION = ast.parse("0 if 0 else 0", mode="eval").body
BARE = Options(format=False)


def hooked_at_random(text: str, seed: int, share: float = 0.3, options: Options = BARE) -> str:
    """`text` with hook points at about `share` of the places that could have one."""
    source = read_source(text)
    return insert(source, _Chance(source, random.Random(seed), share).edits, options)


class _Chance:
    def __init__(self, source: Source, chance: random.Random, share: float) -> None:
        self.chance, self.share = chance, share
        self.edits = Edits(imports=list(IMPORTS))
        self.closed: list[ast.AST] = []
        """Nothing changes in what a test for `None` spells again, or what goes to another line."""
        waiting: list[ast.AST] = [source.tree]
        while waiting:
            node = waiting.pop()
            if node in self.closed:
                continue
            if isinstance(node, ast.stmt):
                self._statement(node)
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, (ast.JoinedStr, ast.pattern, TYPE_PARAMETER)):
                    self._expression(child, node)
                    waiting.append(child)

    def _yes(self) -> bool:
        return self.chance.random() < self.share

    def _expression(self, node: ast.AST, parent: ast.AST) -> None:
        if isinstance(node, ast.comprehension | ast.For) and self._yes():
            self.edits.loops[node] = self._loop()
        if not isinstance(node, VALUES) or not self._yes():
            return
        if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return
        if isinstance(parent, ast.Assign) and ast.unparse(parent.targets[0]) == ast.unparse(node):
            return  # `x = x` would become what hooks a value that an earlier line bound
        hooks = self.chance.choices(HOOK_POINTS, k=self.chance.choice([1, 1, 2]))
        wraps = [WrapEdit(hook) for hook in hooks]
        if isinstance(node, ast.Attribute) and self._yes():
            tested = ast.unparse(node)
            brackets = needs_brackets(parent, node, CONDITION)
            wraps[-1] = WrapEdit(hooks[-1], tested, brackets)
            self.closed.append(node)
        self.edits.wraps[node] = wraps

    def _loop(self) -> LoopEdit:
        if self.chance.random() < 0.5:
            return LoopEdit("hook_index_2", self.chance.choice([None, "k + 1"]))
        hooks = self.chance.choice(["self.a_hook_points", "reversed(self.b_hook_points[0])"])
        return LoopEdit(zipped=(("a_hook_point", hooks),))

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) if self._yes():
                self.edits.after[node] = [
                    self.chance.choice(
                        [
                            f"{name} = self.fc1_hook_point({name})",
                            f"{name} = self.b_hook_point(self.a_hook_points[0]({name}))",
                            f"{name} = (self.fc1_hook_point({name}[0]), *{name}[1:])",
                            f"{name} = (*{name}[:2], self.fc1_hook_point({name}[2]), *{name}[3:])",
                            f"{name} = self.a_hook_point({name}) if {name} is not None else None",
                            *MAKING,
                        ]
                    )
                ]
            case ast.Assign(targets=[ast.Attribute() as target]) if self._yes():
                spelled = ast.unparse(target)
                self.edits.after[node] = [f"{spelled} = self.fc1_hook_point({spelled})"]
            case ast.If() | ast.For() if self._yes():
                self.edits.after[node] = self.chance.choices(MAKING, k=2)
            case ast.ClassDef(bases=[_, *_]) if self._yes():
                self._class(node)

    def _class(self, node: ast.ClassDef) -> None:
        place = self.chance.choice([0, len(node.bases)])
        if not any(isinstance(base, ast.Starred) for base in node.bases[place:]):
            self.edits.bases[node] = BaseEdit("HookedRootModule", place)
        inits = [s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "__init__"]
        if node.body[0].lineno == node.lineno:
            self.closed += node.body
        if not inits:
            self.edits.written_inits[node] = [*MAKING[:2], self.chance.choice(ENDINGS)]
        elif (
            inits[0].args.args and inits[0].args.args[0].arg == "self" and node in self.edits.bases
        ):
            self.edits.init_ends[inits[0]] = [MAKING[0], self.chance.choice(ENDINGS)]
