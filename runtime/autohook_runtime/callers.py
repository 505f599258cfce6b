"""Who called a module or read a parameter, and whether that code names a hook point."""

from __future__ import annotations

import os
import sys
from inspect import CO_NESTED
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch
import torch.utils.checkpoint
from torch import nn

Names = tuple[tuple[str, str], ...]
"""Attributes that hold hook points, each with the pattern of its name."""

TORCH = str(Path(torch.__file__).parent) + os.sep
RUNTIME = str(Path(__file__).parent) + os.sep
CHECKPOINT = torch.utils.checkpoint.__file__


def caller_names_one_of(names: Names, called: nn.Module | None) -> bool | None:
    """Whether the code that made the current use names one of the hook points. None if that cannot
    be known: the checkpoint that computes again in `backward` has no caller.

    Args:
        names: of the hook points.
        called: the module that is called; None if a parameter is read.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(RUNTIME):
            if code.co_filename == CHECKPOINT and torch._C._current_graph_task_id() != -1:
                return None
            if _names_one_of(code, names):
                return True
            if not _is_on_the_way(frame, called):
                return False
        frame = frame.f_back
    return False


def _names_one_of(code: CodeType, names: Names) -> bool:
    for name, pattern in names:
        if name in code.co_names:
            return True
        # getattr(self, f"layer{i}_hook_point")
        fixed = max(pattern.split("{name}"), key=len)
        for text in code.co_consts:
            if isinstance(text, str) and fixed in text and text in name:
                return True
    return False


def _is_on_the_way(frame: FrameType, called: nn.Module | None) -> bool:
    """Whether the code only passes the use on for other code: torch's own, a checkpoint function,
    the called module's own `__call__`, and closures and comprehensions, which belong to the code
    around them. A method of another module never: `nn.Sequential.forward` is a caller."""
    code = frame.f_code
    first: Any = None
    if code.co_argcount:
        first = frame.f_locals.get(code.co_varnames[0])
    if isinstance(first, nn.Module):
        return first is called
    return bool(
        code.co_flags & CO_NESTED
        or code.co_filename.startswith(TORCH)
        or "checkpoint" in code.co_name
    )
