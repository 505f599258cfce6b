"""The hook points that a text holds already: read once, for a second pass and for `--strip`."""

from autohook_codegen.existing.names import HookNames
from autohook_codegen.existing.read import Deletions, Existing, Root, read_existing

__all__ = ["Deletions", "Existing", "HookNames", "Root", "read_existing"]
