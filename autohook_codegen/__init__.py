"""Insert TransformerLens hook points into the source of any PyTorch model.

Example:
    >>> from autohook_codegen import Options, hook_source
    >>> print(hook_source(open("model.py").read(), Options(root=())).code)  # doctest: +SKIP
"""

from typing import TYPE_CHECKING

from autohook_codegen.hooked_source import HookedSource, Note, Site, SourceError
from autohook_codegen.options import Fallback, Options, OptionsError

if TYPE_CHECKING:
    from autohook_codegen.api import hook_source, hook_sources, strip_source

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


def __getattr__(name: str) -> object:
    # libcst takes a quarter of a second to load, and `autohook-gen --help` needs none of it
    if name in ("hook_source", "hook_sources", "strip_source"):
        from autohook_codegen import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
