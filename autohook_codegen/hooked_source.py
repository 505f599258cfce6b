"""What comes out of a rewrite: the text, the sites it made and the notes it left."""

from __future__ import annotations

from dataclasses import dataclass

from autohook_codegen.notes import NoteCode

__all__ = ["HookedSource", "Note", "Site", "SourceError"]


class SourceError(Exception):
    """A text that cannot be rewritten, with the place that is wrong.

    Prints as ``model.py:12:5: invalid syntax``; `text` is the line itself, where there is one.
    """

    def __init__(
        self,
        message: str,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
        text: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.line = line
        self.column = column
        self.text = text

    def __str__(self) -> str:
        place = [self.path or "<source>"]
        place += [str(number) for number in (self.line, self.column) if number is not None]
        return f"{':'.join(place)}: {self.message}"


@dataclass(frozen=True, slots=True)
class Site:
    """One place in the source where a value passes through a hook point."""

    class_name: str
    """Qualified name of the class whose method holds the site, ``Decoder`` or ``Outer.Inner``."""
    attribute: str
    """What is hooked, as its class names it: ``fc1``, ``mlp.up``, ``layers``."""
    kind: str
    """``module call``, ``parameter use``, ``activation``, ``input`` or ``asked``."""
    element: str | None
    """Which part of the result is hooked: ``None`` for all of it, else ``[0]``,
    ``.last_hidden_state``; of a parameter ``value``, where it is hooked itself and no operation's
    result.
    """
    hook_point: str
    """The hook point's attribute: ``fc1_hook_point``, ``layers_hook_points``."""
    runtime_name: str
    """What `autohook_runtime.auto_hook` calls the same place: ``fc1.hook_point``, relative to the
    class; ``layers.*.hook_point`` for the members of a container."""
    line: int
    """From 1, in the source that was given."""
    column: int
    """From 1, in characters."""
    role: str | None = None
    """What the value is in a transformer, in TransformerLens's words: ``pattern``."""
    names: tuple[str, ...] = ()
    """The full names in a root's ``hook_dict``, with ``*`` for the members of a container:
    ``h.*.attn.pattern_hook_point``."""
    expression: str = ""
    """The source of what is hooked, on one line."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was left alone, or would surprise, and what the user can do about it."""

    code: NoteCode
    """The kind of note, equal to its text: ``shared-hook-point``."""
    line: int
    """From 1, in the source that was given."""
    column: int
    """From 1, in characters."""
    message: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.message} [{self.code}]"


@dataclass(frozen=True, slots=True)
class HookedSource:
    """A rewritten file."""

    code: str
    sites: tuple[Site, ...] = ()
    """In the order of the source, also those that stood in it already."""
    notes: tuple[Note, ...] = ()
    roots: tuple[str, ...] = ()
    """The classes on whose instances ``run_with_cache`` can be called."""
    has_module: bool = True
    """Whether the source defines an ``nn.Module`` at all."""
    left_to_fallback: tuple[Note, ...] = ()
    """What the source does not hook and ``auto_hook(self)`` does, place by place."""
