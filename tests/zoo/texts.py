"""What the rewriter decides about every file of the zoo, written down so that two versions of it compare.

    nice -n 10 python -m tests.zoo.texts OUT [PACKAGE|FOLDER …] [--text] [--together] [--every N]

OUT gets a JSON file for each file with classes: its sites and notes, and with `--text` the
hooked text. Each file is rewritten alone, or `--together` with its package. One process does it
all; `python -m tests.zoo.compare_texts OLD NEW` says how two such folders differ.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.progress import track

from autohook_codegen import HookedSource, Options, SourceError, hook_sources
from tests.zoo.packages import PACKAGES, unpacked
from tests.zoo.text import defines_classes

LINE_END = re.compile(r"\r\n|\r|\n")
OPTIONS = Options(format=False)
Record = dict[str, Any]


def records(sources: Mapping[str, str], text: bool) -> dict[str, Record]:
    """What is decided about files that are rewritten together; a text that fails has an error."""
    try:
        hooked = hook_sources(sources, OPTIONS)
        decided = {path: record(one, sources[path]) for path, one in hooked.items()}
        if text:
            for path, one in hooked.items():
                decided[path]["text"] = one.code
    except SourceError as error:
        return {path: {"error": str(error)} for path in sources}
    except Exception as error:  # a bug of the rewriter is a finding too
        return {path: {"error": f"{type(error).__name__}: {error}"} for path in sources}
    return decided


def record(hooked: HookedSource, source: str) -> Record:
    """The sites and notes of a file, each with its line of the source."""
    lines = LINE_END.split(source)
    return {
        "sites": [asdict(site) | {"source": lines[site.line - 1]} for site in hooked.sites],
        "notes": [asdict(note) | {"source": lines[note.line - 1]} for note in hooked.notes],
    }


def sources_below(folder: Path, every: int) -> dict[str, str]:
    """The texts with classes, by their path below the folder."""
    texts = {
        path.relative_to(folder).as_posix(): path.read_bytes().decode()
        for path in sorted(folder.rglob("*.py"))[::every]
    }
    return {path: text for path, text in texts.items() if defines_classes(text)}


def write_records(
    folder: Path, out: Path, text: bool = False, together: bool = False, every: int = 1
) -> None:
    """Write a JSON file below `out` for each file with classes below `folder`."""
    sources = sources_below(folder, every)
    trees = [sources] if together else [{path: code} for path, code in sources.items()]
    for tree in track(trees, folder.name):
        for path, found in records(tree, text).items():
            target = out / f"{path}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.zoo.texts")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("names", nargs="*", metavar="PACKAGE|FOLDER", help="default: all packages")
    parser.add_argument("--text", action="store_true", help="the hooked text too")
    parser.add_argument("--together", action="store_true", help="a package's files together")
    parser.add_argument("--every", type=int, default=1, help="only every n-th file")
    parser.add_argument("--folder", type=Path, default=Path("build/zoo"), help="of the wheels")
    options = parser.parse_intermixed_args()
    packages = {package.name: package for package in PACKAGES}
    for name in options.names or packages:
        folder = unpacked(packages[name], options.folder) if name in packages else Path(name)
        if not folder.is_dir():
            parser.error(f"no package or folder {name}; packages are {', '.join(packages)}")
        write_records(
            folder, options.out / folder.name, options.text, options.together, options.every
        )


if __name__ == "__main__":
    main()
