"""`make demo` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_demo_shows_the_diff_and_the_cache() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    demo = Path(__file__).with_name("autoencoder.py")
    output = subprocess.run(
        [sys.executable, demo], capture_output=True, check=True, text=True, env=environment
    ).stdout
    assert "\x1b[32m+        self.setup()\x1b[0m" in output
    _, _, shapes = output.partition("print(name, tuple(activation.shape))\n")
    assert shapes.splitlines() == [
        "b_dec_hook_point (3, 8)",
        "W_enc_hook_point (3, 32)",
        "b_enc_hook_point (3, 32)",
        "W_dec_hook_point (3, 8)",
    ]
