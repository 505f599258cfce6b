"""The notes on every model file of the installed transformers, each file alone: how many, and which.

    python -m tests.zoo.notes [--draw SEED] [--count N]

Prints the number of notes of each kind; with `--draw` instead as many notes as `--count` says, drawn
by that seed, each with its file and line, to be judged by hand.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from pathlib import Path

import transformers
from rich.progress import track

from autohook_codegen import Note, hook_source

FOLDER = Path(transformers.__file__).parent / "models"


def notes_of_files(folder: Path) -> list[tuple[str, Note]]:
    """Return all notes, in the order of the files, with the path below the folder."""
    return [
        (path.relative_to(folder).as_posix(), note)
        for path in track(sorted(folder.glob("*/modeling_*.py")), "notes")
        for note in hook_source(path.read_text()).notes
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.zoo.notes")
    parser.add_argument("--draw", type=int, metavar="SEED", help="print notes drawn by this seed")
    parser.add_argument("--count", type=int, default=100, metavar="N", help="how many: 100")
    options = parser.parse_args()
    found = notes_of_files(FOLDER)
    if options.draw is not None:
        drawn = random.Random(options.draw).sample(found, options.count)
        for path, note in sorted(drawn, key=lambda one: (one[0], one[1].line, one[1].column)):
            print(f"{path}:{note}")
        return
    for code, count in Counter(note.code for _, note in found).most_common():
        print(f"{code:22} {count:5}")
    print(f"{'all':22} {len(found):5}  (transformers {transformers.__version__})")


if __name__ == "__main__":
    main()
