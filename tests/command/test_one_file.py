"""`autohook-gen FILE`: where the result goes, what is said about it, and the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autohook_codegen.command import main
from autohook_codegen.notes import NoteCode

FIXTURES = Path(__file__).parents[2] / "fixtures"
AUTOENCODER = (FIXTURES / "autoencoder.py").read_bytes()
HOOKED = (FIXTURES / "autoencoder.hooked.py").read_bytes()


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The AutoEncoder as `model.py` in a folder of its own, which is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    path = Path("model.py")
    path.write_bytes(AUTOENCODER)
    return path


def run(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def folder() -> set[str]:
    return {path.name for path in Path().iterdir()}


@pytest.mark.parametrize("out", [(), ("-o", "-")])
def test_without_out_the_code_goes_to_stdout(model: Path, out: tuple[str, ...]) -> None:
    result = run("model.py", *out)
    assert (result.exit_code, result.stdout_bytes) == (0, HOOKED)
    assert model.read_bytes() == AUTOENCODER
    assert folder() == {"model.py"}


def test_stdin(model: Path) -> None:
    result = run("-", stdin=AUTOENCODER)
    assert (result.exit_code, result.stdout_bytes) == (0, HOOKED)


def test_out(model: Path) -> None:
    result = run("model.py", "-o", "hooked.py")
    assert (result.exit_code, result.stdout_bytes) == (0, b"")
    assert Path("hooked.py").read_bytes() == HOOKED
    assert "wrote hooked.py" in result.stderr
    assert folder() == {"model.py", "hooked.py"}


def test_stdin_and_out(model: Path) -> None:
    assert run("-", "-o", "hooked.py", stdin=AUTOENCODER).exit_code == 0
    assert Path("hooked.py").read_bytes() == HOOKED


def test_in_place(model: Path) -> None:
    result = run("model.py", "--in-place")
    assert (result.exit_code, model.read_bytes()) == (0, HOOKED)
    assert "wrote model.py" in result.stderr
    result = run("model.py", "--in-place", "-v")
    assert (result.exit_code, model.read_bytes()) == (0, HOOKED)
    assert "model.py already is what would be written" in result.stderr


def test_strip(model: Path) -> None:
    assert run("model.py", "--no-format", "-o", "hooked.py").exit_code == 0
    result = run("--strip", "hooked.py", "--no-format")
    assert (result.exit_code, result.stdout_bytes) == (0, AUTOENCODER)


def test_check_compares_out(model: Path) -> None:
    result = run("model.py", "-o", "hooked.py", "--check")
    assert (result.exit_code, folder()) == (1, {"model.py"})
    assert "would write hooked.py" in result.stderr
    Path("hooked.py").write_bytes(AUTOENCODER)
    assert run("model.py", "-o", "hooked.py", "--check").exit_code == 1
    Path("hooked.py").write_bytes(HOOKED)
    result = run("model.py", "-o", "hooked.py", "--check")
    assert (result.exit_code, result.stdout) == (0, "")


def test_check_without_out_compares_the_file(model: Path) -> None:
    assert run("model.py", "--check").exit_code == 1
    model.write_bytes(HOOKED)
    assert run("model.py", "--check").exit_code == 0


def test_diff(model: Path) -> None:
    result = run("model.py", "-o", "hooked.py", "--diff")
    assert (result.exit_code, folder()) == (0, {"model.py"})
    assert result.stdout.startswith("--- model.py\n+++ hooked.py\n@@ ")
    assert "\n+from transformer_lens import HookedRootModule\n" in result.stdout
    assert "\n-        x_cent = x - self.b_dec\n" in result.stdout
    assert run("model.py", "--diff", "--check").exit_code == 1


def test_diff_in_colours_where_they_are_wanted(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    model.write_bytes(AUTOENCODER.replace(b"class", b"# [red]\x1b[2J[/red]\nclass"))
    output = run("model.py", "--diff").stdout
    assert "\x1b[32m+        self.setup()\x1b[0m" in output
    assert "# [red]\\x1b[2J[/red]" in output  # neither markup nor an escape sequence


def test_list(model: Path) -> None:
    result = run("model.py", "--list")
    header, *rows = result.stdout.splitlines()
    assert result.exit_code == 0
    assert header.split() == ["place", "class", "source", "kind", "role", "names"]
    assert rows
    assert all(row.startswith("model.py:") for row in rows)
    assert all("_hook_point" in row for row in rows)
    assert model.read_bytes() == AUTOENCODER


def test_quiet_says_nothing(model: Path) -> None:
    result = run("model.py", "-o", "hooked.py", "-q")
    assert (result.exit_code, result.output) == (0, "")


def test_a_summary_says_what_there_is(model: Path) -> None:
    lines = run("model.py", "-o", "hooked.py").stderr.splitlines()
    assert lines[-2] == "4 hook points at 5 sites in 1 class; root: AutoEncoder; 1 kind of notes"


def test_notes_of_a_kind_stand_on_one_line(model: Path) -> None:
    model.write_text(TWO_TUPLES)
    (line, *_) = run("model.py", "-o", "hooked.py", "--fallback", "never").stderr.splitlines()
    assert line.endswith("[may-be-none], and at 16:29")
    each = run("model.py", "-o", "hooked.py", "--fallback", "never", "-v").stderr
    assert each.count("[may-be-none]") == 2


TWO_TUPLES = """\
from torch import nn


class Part(nn.Module):
    def forward(self, x):
        return x if self.training else None


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.fc = Part(), Part(), nn.Linear(2, 2)

    def forward(self, x):
        print(self.one(x))
        return self.fc(x), [self.two(x)]
"""


@pytest.mark.parametrize("code", list(NoteCode))
def test_every_kind_of_note_is_explained(code: NoteCode) -> None:
    explained = run("--explain", code.value)
    assert explained.exit_code == 0
    assert explained.stdout.startswith(f"{code.value}: ")
    assert explained.stdout.endswith(f"What to do: {code.advice}.\n")


def test_a_kind_that_there_is_not() -> None:
    result = run("--explain", "shared")
    assert result.exit_code == 2
    assert "shared-hook-point" in result.stderr


def test_an_entry_that_there_is_not(model: Path) -> None:
    result = run("model.py", "--entry", "nope")
    assert result.exit_code == 2
    assert result.stderr == "error: --entry 'nope' names no method of a module class\n"


def test_no_module_is_a_warning_and_the_text_passes_through(model: Path) -> None:
    model.write_bytes(b"x  =  1")
    result = run("model.py", "-o", "hooked.py")
    assert (result.exit_code, Path("hooked.py").read_bytes()) == (0, b"x  =  1")
    assert "warning: model.py: there is no nn.Module here" in result.stderr


def test_notes_are_lines_that_an_editor_can_follow(model: Path) -> None:
    result = run("model.py", "-o", "hooked.py")
    notes = [line for line in result.stderr.splitlines() if line.startswith("model.py:")]
    assert notes  # b_dec has two sites that share a hook point
    for note in notes:
        line, column, message = note.removeprefix("model.py:").split(":", 2)
        assert int(line) > 0
        assert int(column) > 0
        assert message.endswith("]")


ERRORS = [
    pytest.param(["missing.py"], "cannot hook missing.py: no such file or directory", id="missing"),
    pytest.param(["."], "cannot hook .: is a directory", id="directory"),
    pytest.param(
        ["model.py", "-o", "model.py"], "cannot write model.py: -o names the file itself", id="same"
    ),
    pytest.param(
        ["model.py", "-o", "link.py"], "cannot write link.py: -o names the file itself", id="link"
    ),
    pytest.param(["model.py", "-o", "."], "cannot write .: is a directory", id="out is one"),
    pytest.param(
        ["model.py", "-o", "no/out.py"], "cannot write no/out.py: there is no directory no", id="no"
    ),
    pytest.param(
        ["broken.py", "-o", "out.py"],
        "cannot hook broken.py:2:5: invalid syntax: x = = 1",
        id="bad",
    ),
    pytest.param(["image.py"], "not a Python file: it holds null bytes", id="binary"),
    pytest.param(
        ["latin.py"], "latin.py:2:6: byte 0xe9 is not utf-8; save the file", id="not UTF-8"
    ),
    pytest.param(["cookie.py"], "unknown encoding: nonsense", id="encoding"),
    pytest.param(["rot13.py"], "'rot13' is not a text encoding", id="no encoding of text"),
    pytest.param(["mod\x00el.py"], "null", id="null byte in the path"),
]


@pytest.mark.parametrize(("arguments", "message"), ERRORS)
def test_bad_input_is_one_line_and_nothing_is_written(
    model: Path, arguments: list[str], message: str
) -> None:
    Path("link.py").symlink_to("model.py")
    Path("broken.py").write_text("\nx = = 1\n")
    Path("image.py").write_bytes(b"\x89PNG\x00\x01")
    Path("latin.py").write_bytes(b"\nx = '\xe9'\n")
    Path("cookie.py").write_bytes(b"# coding: nonsense\n")
    Path("rot13.py").write_bytes(b"# coding: rot13\n")
    before = folder()
    result = run(*arguments)
    assert (result.exit_code, result.stdout, folder()) == (123, "", before)
    assert result.stderr.startswith("error: cannot ")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert model.read_bytes() == AUTOENCODER


OPTION_ERRORS = [
    (["--in-place", "-o", "out.py"], "--in-place and -o exclude each other"),
    (["--list", "-o", "out.py"], "--list prints the sites"),
    (["--list", "--strip"], "--list shows what a rewrite would do"),
    (["--root", "Nobody"], "Nobody"),
    (["--only", ""], "--only '' names nothing"),
    (["--skip", " , "], "--skip ' , ' names nothing"),
    (["--root", "none,AutoEncoder"], "--root none stands alone"),
    (["--only", "nothing"], "--only 'nothing'"),
    (["--hook", "modules,buffers"], "--hook buffers: choose modules, params"),
    (["--hook", ""], "nothing to hook"),
    (["--site", "x ="], "--site 'x =': write an expression, an assignment or a local name"),
    (["--site", "acts as 3"], "--site 'acts as 3'"),
    (["--site", "nowhere"], "--site 'nowhere' is not found in AutoEncoder.forward"),
    (["--name", "hook"], "the name pattern 'hook'"),
]


@pytest.mark.parametrize(("arguments", "message"), OPTION_ERRORS)
def test_options_that_cannot_be_meant(model: Path, arguments: list[str], message: str) -> None:
    result = run("model.py", *arguments)
    assert (result.exit_code, result.stdout, folder()) == (2, "", {"model.py"})
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_in_place_needs_a_file() -> None:
    result = run("-", "--in-place", stdin=AUTOENCODER)
    assert (result.exit_code, result.stdout) == (2, "")


def test_an_internal_error_is_123_and_nothing_is_written(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object) -> None:
        raise AssertionError("[bold]oh\x1b[2J")

    monkeypatch.setattr("autohook_codegen.hook_source", fail)
    result = run("model.py", "-o", "hooked.py")
    assert (result.exit_code, folder()) == (123, {"model.py"})
    assert result.stderr == (
        "error: cannot hook model.py: INTERNAL ERROR: AssertionError: [bold]oh\\x1b[2J\n"
    )


SITES = ("AutoEncoder.forward:acts", "x @ y, z")


def test_the_options_reach_the_rewriter(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autohook_codegen import Fallback, HookedSource, Options

    seen: list[tuple[Options, str | None]] = []

    def remember(source: str, options: Options, path: str | None) -> HookedSource:
        seen.append((options, path))
        return HookedSource(source)

    monkeypatch.setattr("autohook_codegen.hook_source", remember)
    Path("pyproject.toml").write_text("[tool.ruff]\nline-length = 120\n")
    arguments = "--root AutoEncoder --fallback never --hook params --skip nn.Dropout,head"
    more = "--skip Block.* --entry encode,decode --name hook_{name} --per-site --no-format"
    assert run("model.py", *arguments.split(), *more.split()).exit_code == 0
    assert run("model.py", "--root", "none", "--line-length", "60").exit_code == 0
    assert run("model.py", "--hook", "all,inputs").exit_code == 0
    sites = [argument for site in SITES for argument in ("--site", site)]
    assert run("model.py", "--hook", "inputs", *sites).exit_code == 0
    assert seen == [
        (
            Options(
                root=("AutoEncoder",),
                fallback=Fallback.NEVER,
                modules=False,
                skip=("nn.Dropout", "head", "Block.*"),
                entry=("encode", "decode"),
                name="hook_{name}",
                per_site=True,
                format=False,
                line_length=120,
            ),
            "model.py",
        ),
        (Options(root=(), line_length=60), "model.py"),
        (Options(activations=True, inputs=True, line_length=120), "model.py"),
        (
            Options(modules=False, params=False, inputs=True, site=SITES, line_length=120),
            "model.py",
        ),
    ]


def test_version_and_help() -> None:
    assert run("--version").output.startswith("autohook-gen, version ")
    assert "Insert TransformerLens hook points" in run("--help").output
