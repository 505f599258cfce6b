"""Hook points for any PyTorch model at run time."""

from autohook_runtime.auto_hook import auto_hook
from autohook_runtime.hooking import unwrap

__all__ = ["auto_hook", "unwrap"]
