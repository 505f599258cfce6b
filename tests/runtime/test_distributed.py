"""FSDP2 and tensor parallel, on two processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.runtime.distributed_work import CASES


def test_two_processes(tmp_path: Path) -> None:
    commands = [
        [sys.executable, "-m", "tests.runtime.distributed_work", str(rank), str(tmp_path / "store")]
        for rank in range(2)
    ]
    processes = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for command in commands
    ]
    try:
        results = [process.communicate(timeout=300) for process in processes]
    finally:
        for process in processes:
            process.kill()
    for process, (out, err) in zip(processes, results, strict=True):
        assert process.returncode == 0, err[-3000:]
        # torch says there, too, whom it is connected with
        assert [line for line in out.splitlines() if not line.startswith("[Gloo]")] == list(CASES)
