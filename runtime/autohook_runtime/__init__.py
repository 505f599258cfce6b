"""Hook points for any PyTorch model at run time.

from autohook_runtime import auto_hook

model = auto_hook(model)  # or @auto_hook on its class
output, cache = model.run_with_cache(x)
"""

from autohook_runtime.check import check_auto_hook
from autohook_runtime.check_report import CheckError, Report
from autohook_runtime.entry import auto_hook, unwrap
from autohook_runtime.explicit import explicit_if_hooked
from autohook_runtime.root_methods import RootMethods

__all__ = [
    "CheckError",
    "Report",
    "RootMethods",
    "auto_hook",
    "check_auto_hook",
    "explicit_if_hooked",
    "unwrap",
]
