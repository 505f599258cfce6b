"""The command line of `autohook-gen`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autohook_codegen.command.line_length import project_line_length
from autohook_codegen.command.report import Report
from autohook_codegen.command.request import Request
from autohook_codegen.command.source_file import STDIN, FileError
from autohook_codegen.command.visible import visible
from autohook_codegen.hooked_source import SourceError
from autohook_codegen.notes import NoteCode
from autohook_codegen.options import DEFAULT_NAME, Fallback, Options, OptionsError

__all__ = ["main"]

_KINDS = ("modules", "params", "activations", "inputs")
"""What ``--hook`` names, each an attribute of `Options`."""


def _split(option: str, *values: str) -> tuple[str, ...]:
    """What stands between commas, over all uses of an option."""
    found = tuple(part.strip() for value in values for part in value.split(",") if part.strip())
    if values and not found:
        raise OptionsError(f"{option} {values[0]!r} names nothing")
    return found


def _explain(context: click.Context, option: click.Parameter, code: str | None) -> None:
    """Print what a kind of note means, and end the command."""
    if code is None:
        return
    try:
        click.echo(NoteCode(code).explanation())
    except ValueError:
        known = ", ".join(NoteCode)
        raise click.UsageError(f"--explain {code}: no kind of note; there are {known}") from None
    context.exit()


@click.command("autohook-gen", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("path", metavar="FILE")
@click.option(
    "-o",
    "--out",
    metavar="OUT",
    help="Write to this file; a folder where FILE is one. Without it, or with -, to stdout.",
)
@click.option("--in-place", is_flag=True, help="Rewrite FILE itself.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option(
    "--check",
    is_flag=True,
    help="Write nothing; exit with 1 if OUT (or FILE) is not what would be written.",
)
@click.option("--list", "list_sites", is_flag=True, help="Write nothing; list the sites.")
@click.option("--strip", is_flag=True, help="Take hook points away again.")
@click.option(
    "--root",
    metavar="NAME,…",
    multiple=True,
    help="The classes that become a HookedRootModule; `none` for no class. Found by default.",
)
@click.option(
    "--fallback",
    type=click.Choice([choice.value for choice in Fallback]),
    default=Fallback.AUTO.value,
    show_default=True,
    help="When a root ends with auto_hook(self) in place of self.setup().",
)
@click.option(
    "--hook",
    metavar="KIND,…",
    default="modules,params",
    show_default=True,
    help="What to hook: modules, params, activations (values inside forwards), inputs (what goes"
    " into modules), all (modules, params and activations).",
)
@click.option(
    "--site",
    metavar="[Class.method:]WHAT [as NAME]",
    multiple=True,
    help="Hook this value too: an expression, an assignment or a local name, compared as syntax.",
)
@click.option(
    "--only",
    metavar="PATTERN",
    multiple=True,
    help="Hook only where the class, the attribute, Class.attribute or the class of what is"
    " called matches.",
)
@click.option("--skip", metavar="PATTERN", multiple=True, help="Hook nothing that matches.")
@click.option(
    "--entry", metavar="METHOD,…", multiple=True, help="Methods called from outside, as forward is."
)
@click.option(
    "--name",
    metavar="PATTERN",
    default=DEFAULT_NAME,
    show_default=True,
    help="How a hook point is named.",
)
@click.option("--per-site", is_flag=True, help="A hook point for each site, never a shared one.")
@click.option("--no-format", is_flag=True, help="Insert only; lay nothing out with black.")
@click.option(
    "--line-length",
    type=click.IntRange(min=1),
    metavar="N",
    help="For black; by default what the nearest pyproject.toml says, else 88.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option(
    "-v", "--verbose", is_flag=True, help="Say each note, and what is left unchanged or copied."
)
@click.option(
    "--explain",
    metavar="CODE",
    expose_value=False,
    is_eager=True,
    callback=_explain,
    help="Say what a kind of note means, and what to do about it.",
)
@click.version_option(package_name="autohook-codegen")
def main(
    path: str,
    out: str | None,
    in_place: bool,
    diff: bool,
    check: bool,
    list_sites: bool,
    strip: bool,
    root: tuple[str, ...],
    fallback: str,
    hook: str,
    site: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    entry: tuple[str, ...],
    name: str,
    per_site: bool,
    no_format: bool,
    line_length: int | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Insert TransformerLens hook points into the PyTorch model in FILE.

    FILE may be - for stdin, or a folder: its Python files are rewritten together, the others
    copied.

    Exits with 0, with 1 if --check finds something to change, with 2 for options that cannot be
    meant, and with 123 if something failed; then nothing was written.
    """
    report = Report(check=check, diff=diff, quiet=quiet, verbose=verbose)
    try:
        request = Request(
            path=path,
            out=None if out == STDIN else out,
            in_place=in_place,
            diff=diff,
            check=check,
            strip=strip,
            list_sites=list_sites,
            options=Options(
                root=_roots(root),
                fallback=Fallback(fallback),
                **_hooked(hook),
                site=site,
                only=_split("--only", *only),
                skip=_split("--skip", *skip),
                entry=_split("--entry", *entry),
                name=name,
                per_site=per_site,
                format=not no_format,
                line_length=line_length or project_line_length(_folder(path)),
            ),
        )
        _run(request, report)
    except OptionsError as error:
        click.secho(visible(f"error: {error}"), err=True, fg="red")
        sys.exit(2)
    except FileError as error:
        report.failed(error.path, error.message, error.doing)
    except SourceError as error:
        report.source_failed(error)
    except (KeyboardInterrupt, BrokenPipeError):
        raise
    except Exception as error:
        report.failed(path, f"INTERNAL ERROR: {type(error).__name__}: {error}")
        if verbose:
            import traceback

            traceback.print_exc()
    sys.exit(report.return_code)


def _run(request: Request, report: Report) -> None:
    if request.path != STDIN and Path(request.path).is_dir():
        from autohook_codegen.command.rewrite_tree import rewrite_tree

        rewrite_tree(request, report)
    else:
        from autohook_codegen.command.rewrite_file import rewrite_file

        rewrite_file(request, report)


def _folder(path: str) -> Path:
    if path == STDIN:
        return Path()
    return Path(path) if Path(path).is_dir() else Path(path).parent


def _roots(values: tuple[str, ...]) -> tuple[str, ...] | None:
    names = _split("--root", *values)
    if "none" in names:
        if len(names) > 1:
            raise OptionsError("--root none stands alone")
        return ()
    return names or None


def _hooked(value: str) -> dict[str, bool]:
    kinds = _split("--hook", value) if value else ()
    for kind in kinds:
        if kind not in (*_KINDS, "all"):
            raise OptionsError(f"--hook {kind}: choose {', '.join(_KINDS)} or all")
    all_values = "all" in kinds
    return {kind: kind in kinds or (all_values and kind != "inputs") for kind in _KINDS}
