"""Insert TransformerLens hook points into the source of any PyTorch model.

Example:
    >>> from autohook_codegen import Options, hook_source
    >>> print(hook_source(open("model.py").read(), Options(root=())).code)  # doctest: +SKIP
"""

from autohook_codegen.api import hook_source, hook_sources, strip_source
from autohook_codegen.hooked_source import HookedSource, Note, Site, SourceError
from autohook_codegen.options import Fallback, Options, OptionsError

__all__ = [
    "Fallback",
    "HookedSource",
    "Note",
    "Options",
    "OptionsError",
    "Site",
    "SourceError",
    "hook_source",
    "hook_sources",
    "strip_source",
]
