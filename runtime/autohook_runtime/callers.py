"""Who calls a module or reads a parameter, and whether that code sends it through a hook point."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from enum import Enum
from inspect import CO_NESTED
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch
import torch.utils.checkpoint
from torch import nn

from autohook_runtime.code_paths import is_sent_through

Names = tuple[tuple[str, str], ...]
"""Attributes that hold hook points, each with the pattern of its name."""

TORCH = str(Path(torch.__file__).parent) + os.sep
RUNTIME = str(Path(__file__).parent) + os.sep
CHECKPOINT = torch.utils.checkpoint.__file__


class Caller(Enum):
    """What the code that calls a module does about its hook point."""

    SENDS = "it sends the output through"
    MAY_SEND = "it has a way on which it does not"
    UNKNOWN = "the checkpoint that computes again in `backward` has no caller"


def caller_of(module: nn.Module, names: Names) -> Caller:
    """What the code that makes the current call of `module` does."""
    for frame in _calling_frames(module):
        code = frame.f_code
        if code.co_filename == CHECKPOINT and torch._C._current_graph_task_id() != -1:
            return Caller.UNKNOWN
        held_as = frozenset(name for name, _ in names if name in code.co_names)
        if held_as:
            is_sent = is_sent_through(code, frame.f_lasti, held_as)
            return Caller.SENDS if is_sent else Caller.MAY_SEND
        if _is_named_by_text(code, names):
            return Caller.SENDS
    return Caller.MAY_SEND


def is_named_by_reader(names: Names) -> bool:
    """Whether the code that makes the current read of a parameter names a hook point."""
    return any(
        any(name in frame.f_code.co_names for name, _ in names)
        or _is_named_by_text(frame.f_code, names)
        for frame in _calling_frames(None)
    )


def _is_named_by_text(code: CodeType, names: Names) -> bool:
    """`getattr(self, f"layer{i}_hook_point")`."""
    texts = [text for text in code.co_consts if isinstance(text, str)]
    for name, pattern in names:
        fixed = max(pattern.split("{name}"), key=len)
        if any(fixed in text and text in name for text in texts):
            return True
    return False


def _calling_frames(called: nn.Module | None) -> Iterator[FrameType]:
    """The frames of the code that makes the current use, the innermost first: that of the caller,
    after those that only pass the use on for it."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(RUNTIME):
            yield frame
            if not _is_on_the_way(frame, called):
                return
        frame = frame.f_back


def _is_on_the_way(frame: FrameType, called: nn.Module | None) -> bool:
    """Whether the code passes the use on for other code: torch's own, a checkpoint function, the
    called module's own `__call__`, and closures and comprehensions, which belong to the code around
    them. A method of another module never does: `nn.Sequential.forward` is a caller."""
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
