"""What `make demo` shows: a model, what the command changes in it, and what its cache then holds."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MODEL = Path("fixtures", "autoencoder.py")
CONFIG = {"d_mlp": 8, "dict_mult": 4, "seed": 0}
ROOT = Path(__file__).parents[2]


def autohook_gen(*arguments: str) -> None:
    """Run the command as a shell would, and show what is run."""
    print(f"\n$ autohook-gen {' '.join(arguments)}", flush=True)
    colors = {} if "NO_COLOR" in os.environ else {"FORCE_COLOR": "1"}
    command = [sys.executable, "-m", "autohook_codegen", *arguments]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **colors})


def main() -> None:
    autohook_gen(str(MODEL), "--diff", "--quiet")
    with tempfile.TemporaryDirectory() as folder:
        hooked = Path(folder, "autoencoder_hooked.py")
        autohook_gen(str(MODEL), "-o", str(hooked))
        specification = importlib.util.spec_from_file_location(hooked.stem, hooked)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)

    import torch

    model = module.AutoEncoder(CONFIG)
    x = torch.randn(3, CONFIG["d_mlp"])  # [batch, d_mlp]
    reconstruction, cache = model.run_with_cache(x)
    print("\n>>> model = AutoEncoder(cfg)")
    print(f">>> x.shape\n{tuple(x.shape)}")
    print(">>> reconstruction, cache = model.run_with_cache(x)")
    print(f">>> reconstruction.shape\n{tuple(reconstruction.shape)}")
    print(
        ">>> for name, activation in cache.items():\n...     print(name, tuple(activation.shape))"
    )
    for name, activation in cache.items():
        print(name, tuple(activation.shape))


if __name__ == "__main__":
    main()
