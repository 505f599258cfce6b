"""What the generator takes a hook point to have is what it has."""

from __future__ import annotations

from transformer_lens.hook_points import HookPoint

from autohook_codegen.library import library_class
from autohook_codegen.sites.harmless_walks import HOOK_POINTS_HAVE


def test_knows_what_hook_points_have() -> None:
    hook_point = HookPoint()
    here = {name for name in dir(hook_point) if not name.startswith("__")}
    # what a library has added to every module of this process
    added = {one for one in here if _module_of(getattr(hook_point, one)) == "transformers"}
    module = library_class("torch.nn.Module")
    assert module is not None
    assert here - added <= {*HOOK_POINTS_HAVE, *module.methods}


def _module_of(value: object) -> str:
    return getattr(value, "__module__", "").partition(".")[0]
