"""What `check_auto_hook` found, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


class CheckError(AssertionError):
    """`check_auto_hook(..., strict=True)` found something wrong; the message is the table."""


@dataclass(frozen=True)
class Finding:
    """One check. `names` are the hook points that failed it, or that the remark is about."""

    check: str
    passed: bool
    remark: str = ""
    names: tuple[str, ...] = ()

    def cells(self) -> tuple[str, str, str]:
        names = ", ".join(self.names[:8]) + (", …" if len(self.names) > 8 else "")
        return self.check, "passed" if self.passed else "FAILED", f"{self.remark} {names}".strip()


@dataclass
class Report:
    """All findings for one class. Prints as a table.

    Example:
        >>> report = check_auto_hook(MyModel, {"x": torch.ones(2, 10)}, {})
        >>> report.passed
        True
    """

    model: str
    findings: list[Finding] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return all(finding.passed for finding in self.findings)

    @property
    def failures(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.passed]

    def __getitem__(self, check: str) -> Finding:
        """The finding of that check.

        Raises:
            KeyError: if there is no such check.
        """
        for finding in self.findings:
            if finding.check == check:
                return finding
        raise KeyError(check)

    def add(
        self, check: str, wrong: Iterable[str] = (), why: str = "", *, named: Iterable[str] = (),
        remark: str = "",
    ) -> None:  # fmt: skip
        """A check that failed for `wrong`, or else passed with a remark about `named`."""
        wrong, named = tuple(wrong), tuple(named)
        if wrong:
            self.findings.append(Finding(check, False, why, wrong))
        else:
            self.findings.append(Finding(check, True, remark if named else "", named))

    def __str__(self) -> str:
        rows = [("check", "", self.model), *(finding.cells() for finding in self.findings)]
        widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
        lines = [f"{a:{widths[0]}}  {b:{widths[1]}}  {c}".rstrip() for a, b, c in rows]
        return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])
