"""What a file holds besides its text is kept byte for byte: encoding, BOM, line endings, mode."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from autohook_codegen.command import main
from autohook_codegen.command.atomic_write import write_atomically
from autohook_codegen.command.source_file import FileError

MODEL = """\
from torch import nn


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(1, 1)  # wähle

    def forward(self, x):
        return self.fc(x)
"""
MADE = "        self.fc_hook_point = HookPoint()"
USED = "        return self.fc_hook_point(self.fc(x))"


def hooked(content: bytes, tmp_path: Path) -> bytes:
    (tmp_path / "model.py").write_bytes(content)
    out = tmp_path / "hooked.py"
    result = CliRunner().invoke(main, [str(tmp_path / "model.py"), "-o", str(out)])
    assert result.exit_code == 0, result.output
    return out.read_bytes()


@pytest.mark.parametrize(
    ("encoding", "first_line"),
    [
        pytest.param("utf-8", "", id="plain"),
        pytest.param("utf-8-sig", "", id="BOM"),
        pytest.param("utf-8-sig", "# coding: utf-8\n", id="BOM and cookie"),
        pytest.param("latin-1", "# -*- coding: latin-1 -*-\n", id="latin-1"),
        pytest.param("cp1252", "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n", id="vim"),
        pytest.param("utf-8", '"""\x0c\u2028\U0001f525"""\n', id="characters that end lines"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("end_of_file", ["\n", "", "\n\n\n"])
def test_encoding_and_line_endings(
    encoding: str, first_line: str, line_end: str, end_of_file: str, tmp_path: Path
) -> None:
    text = first_line + MODEL.removesuffix("\n") + end_of_file
    content = text.replace("\n", line_end).encode(encoding)
    output = hooked(content, tmp_path)
    lines = output.split(line_end.encode())
    ends = (MADE.encode(), USED.encode())
    assert all(line in lines for line in ends)
    kept = content.removesuffix(b"        return self.fc(x)" + end_of_file.encode())
    for line in kept.split(line_end.encode()):
        if b"nn.Module" not in line and b"return" not in line:
            assert line in lines
    assert output.startswith(content[:3])
    tail = USED.encode() + end_of_file.replace("\n", line_end).encode()
    assert output.endswith(tail)
    assert output.count(b"\n") == output.count(line_end.encode())


def test_mode_is_kept(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    out = tmp_path / "out.py"
    out.write_text("old")
    out.chmod(0o751)
    assert CliRunner().invoke(main, [str(tmp_path / "model.py"), "-o", str(out)]).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o751
    assert out.read_text() != "old"


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_text("")
    write_atomically(str(tmp_path / "new"), b"")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_symlink_stays_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "real.py").write_bytes(b"old")
    link = tmp_path / "link.py"
    link.symlink_to("folder/real.py")
    write_atomically(str(link), b"new")
    assert link.readlink() == Path("folder/real.py")
    assert (tmp_path / "folder" / "real.py").read_bytes() == b"new"


def test_a_dangling_symlink_is_followed(tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to("real.py")
    write_atomically(str(link), b"new")
    assert link.is_symlink()
    assert (tmp_path / "real.py").read_bytes() == b"new"


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "model.py"
    target.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="no space left on device"):
        write_atomically(str(target), b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["model.py"]


def test_no_reader_ever_sees_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "model.py"
    target.write_bytes(b"old")
    seen = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: seen.append(target.read_bytes()))
    write_atomically(str(target), b"new")
    assert (seen, target.read_bytes()) == ([b"old"], b"new")


def test_a_pipe_is_written_to() -> None:
    read, write = os.pipe()
    write_atomically(f"/dev/fd/{write}", b"text")
    os.close(write)
    assert os.read(read, 10) == b"text"
    os.close(read)


def test_a_file_that_may_not_be_written_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.py").write_text(MODEL)
    out = tmp_path / "out.py"
    out.write_text("old")
    # root may write everywhere, so the answer of the system is made up
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(out))
    result = CliRunner().invoke(main, [str(tmp_path / "model.py"), "-o", str(out)])
    assert (result.exit_code, out.read_text()) == (123, "old")
    assert result.stderr == f"error: cannot write {out}: permission denied\n"
