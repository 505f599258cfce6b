"""python -m tests.draws attention|residual [--seed N] [--from N] [--count N] [-v]

Draws classes of the zoo's packages and prints which values with a role each has: with -v also the
class as it is rewritten, to be judged by reading. A file of transformers is rewritten alone, as its
users have it, another together with those of its package that it imports from.
"""

from __future__ import annotations

import argparse
import ast
from collections import defaultdict
from pathlib import Path

from autohook_codegen import Options, hook_sources
from tests.draws.classes import KINDS, Drawn, draw
from tests.draws.sources import with_imports

ROLES = {
    "attention": "q k v rot_q rot_k attn_scores pattern z".split(),
    "residual": "resid_pre resid_mid resid_mid_cross resid_post attn_out cross_attn_out mlp_out".split(),
}
OPTIONS = Options(
    modules=False, params=False, activations=True, root=(), format=False, name="HOOK_{name}"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.draws")
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="N")
    parser.add_argument("--count", type=int, default=100, metavar="N")
    parser.add_argument("--packages", type=Path, default=Path("build/zoo"), metavar="FOLDER")
    parser.add_argument("-v", action="store_true", dest="verbose")
    options = parser.parse_args()
    drawn = draw(options.kind, options.seed, options.packages)
    print(f"{len(drawn)} distinct classes")
    last = options.first + options.count
    for place, one in enumerate(drawn[options.first : last], options.first):
        print(f"{place}. {one}", flush=True)
        _print(one, options.packages, ROLES[options.kind], options.verbose)


def _print(drawn: Drawn, folder: Path, roles: list[str], is_verbose: bool) -> None:
    path = folder / drawn.path
    package = folder.joinpath(*drawn.path.parts[:2])
    sources = with_imports(path, package)
    key = path.relative_to(package.parent).as_posix()
    if drawn.package.name == "transformers":
        sources = {key: sources[key]}
    hooked = hook_sources(sources, OPTIONS)[key]
    lines = range(drawn.node.lineno, (drawn.node.end_lineno or 0) + 1)
    found: dict[str, list[str]] = defaultdict(list)
    for site in hooked.sites:
        if site.line in lines or site.class_name.rsplit(".", 1)[-1] == drawn.node.name:
            if site.role is not None:
                found[site.role].append(f"{site.line}: {site.expression[:100]}")
    missing = [role for role in roles if role not in found and not role.startswith("rot_")]
    print(f"   without: {' '.join(missing)}" if missing else "   all")
    for role in roles:
        for text in found.get(role, ()):
            print(f"   {role:12} {text}")
    for note in hooked.notes:
        if note.line in lines:
            print(f"   note {note}")
    if is_verbose:
        for node in ast.walk(ast.parse(hooked.code)):
            if isinstance(node, ast.ClassDef) and node.name == drawn.node.name:
                print(ast.unparse(node))


if __name__ == "__main__":
    main()
