"""Every kind of note: what it says, why it is said, and what a user can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Message", "NoteCode"]


@dataclass(frozen=True, slots=True)
class _Kind:
    message: str
    reason: str
    advice: str
    at_run_time: str | None = None
    """What stands in place of the advice where ``auto_hook`` does something about it; empty where
    the comment beside ``auto_hook(self)`` says it, and no note is needed."""


@dataclass(frozen=True, slots=True)
class Message:
    """What one note says about one place."""

    code: NoteCode
    text: str
    subject: str
    """What the text begins with."""

    def with_advice(self, is_hooked_at_run_time: bool) -> str | None:
        """Return the whole line; ``None`` where there is nothing left to say."""
        kind = _KINDS[self.code]
        advice = kind.advice
        if is_hooked_at_run_time and kind.at_run_time is not None:
            advice = kind.at_run_time
            if not advice:
                return None
        return f"{self.text}; {advice}"


class NoteCode(str, Enum):
    """The kinds of notes, each equal to its text: ``note.code == "shared-hook-point"``."""

    ABSOLUTE_IMPORT = "absolute-import"
    CALLED_IN_LOOP = "called-in-loop"
    CHANGES_IN_PLACE = "changes-in-place"
    CONTAINER_GROWS = "container-grows"
    EDITS_DRAW_ANEW = "edits-draw-anew"
    IN_F_STRING = "in-f-string"
    MAY_BE_A_TUPLE = "may-be-a-tuple"
    MAY_BE_NO_TENSOR = "may-be-no-tensor"
    MAY_BE_NONE = "may-be-none"
    MEMBERS_UNNAMED = "members-unnamed"
    NAME_OF_A_ROLE = "name-of-a-role"
    NAME_UNKNOWN = "name-unknown"
    NO_INDEX = "no-index"
    NO_NAME = "no-name"
    NO_ROLES = "no-roles"
    NO_ROOT = "no-root"
    NO_TENSOR = "no-tensor"
    NOT_MADE = "not-made"
    OPTIONAL_PARAMETER = "optional-parameter"
    OUT_OF_SIGHT = "out-of-sight"
    OUTPUT_IMPORT = "output-import"
    OWN_CHILDREN = "own-children"
    OWN_IMPORT = "own-import"
    PART_UNKNOWN = "part-unknown"
    PASSED_ON = "passed-on"
    PATTERN_HIDDEN = "pattern-hidden"
    SEVERAL_CLASSES = "several-classes"
    SEVERAL_MODULES = "several-modules"
    SHARED_HOOK_POINT = "shared-hook-point"
    TAKEN_APART_ELSEWHERE = "taken-apart-elsewhere"
    UNCLEAR_RESULT = "unclear-result"
    UNUSED_RESULT = "unused-result"
    WEIGHTS_ALONE = "weights-alone"

    def __str__(self) -> str:
        return self.value

    def says(self, **words: object) -> Message:
        """Return the message of this kind about one place."""
        subject = str(next(iter(words.values()), ""))
        return Message(self, _KINDS[self].message.format(**words), subject)

    @property
    def reason(self) -> str:
        """Why it is said."""
        return _KINDS[self].reason

    @property
    def advice(self) -> str:
        """What a user can do about it."""
        return _KINDS[self].advice

    def explanation(self) -> str:
        """Return all that there is to say about the kind, as ``--explain`` prints it."""
        return f"{self}: {self.reason[0].upper()}{self.reason[1:]}. What to do: {self.advice}."


_AUTO_HOOK = "auto_hook(model) hooks it"

_KINDS = {
    NoteCode.ABSOLUTE_IMPORT: _Kind(
        "the output leaves {package}, so {count} relative import{s} became absolute",
        "the output leaves its package, where relative imports would mean other modules",
        "write the output beside the file to keep them as they are",
    ),
    NoteCode.CALLED_IN_LOOP: _Kind(
        "{names} fire{s} in each round of this loop{others}",
        "a hook sees every round, and a cache holds the last",
        "auto_hook(model).run_with_cache(…, every=True) keeps all of them",
    ),
    NoteCode.CHANGES_IN_PLACE: _Kind(
        "what passed {names} is changed in place here{others}",
        "TransformerLens's cache holds the tensor itself, which then shows the changed numbers",
        "a cache shows the changed numbers; auto_hook(model) keeps what passed",
        "auto_hook's cache keeps what passed before",
    ),
    NoteCode.CONTAINER_GROWS: _Kind(
        "{attribute} gets members here, whose hook points a built model does not name",
        "hook points are named once, at the end of __init__",
        "call setup() or auto_hook(model) again afterwards",
    ),
    NoteCode.EDITS_DRAW_ANEW: _Kind(
        "{called}(…) drops values in training",
        "an edit of scores or pattern gives the steps, whose dropout draws other numbers",
        "edit in evaluation, or compare with a run whose hook gives back what it gets",
    ),
    NoteCode.IN_F_STRING: _Kind(
        "{path} is used inside an f-string",
        "the inside of an f-string is never changed",
        "give the result a name, and print that",
        at_run_time="",
    ),
    NoteCode.MAY_BE_A_TUPLE: _Kind(
        "where {called} is turned into a tuple, its hook point sees nothing",
        "a decorator may turn the result into a tuple, which has no field to set",
        "auto_hook(model) hooks both forms",
    ),
    NoteCode.MAY_BE_NO_TENSOR: _Kind(
        "{path} is not always a parameter, and goes on as it is",
        "a hook point takes tensors alone",
        _AUTO_HOOK + " where it is one",
        at_run_time="",
    ),
    NoteCode.MAY_BE_NONE: _Kind(
        "{called} may give back None",
        "a hook point takes tensors alone",
        _AUTO_HOOK + " where it is a tensor",
        at_run_time="",
    ),
    NoteCode.MEMBERS_UNNAMED: _Kind(
        "{path} calls its members, which the source does not name",
        "what is called by torch's own code has no place in the source for a hook point",
        "they have no hook points; auto_hook(model) hooks them",
        at_run_time="",
    ),
    NoteCode.NAME_OF_A_ROLE: _Kind(
        "the hook point of {path} is {name}",
        "a role has the name, and the module is not what it shows",
        "ask for it by that name",
    ),
    NoteCode.NAME_UNKNOWN: _Kind(
        "{called} may call a module of {cls}, whose name the source does not show",
        "a hook point is named after what holds the module",
        'work the name out by a text, as f"layer{i}", to have it hooked; ' + _AUTO_HOOK,
        at_run_time="",
    ),
    NoteCode.NO_INDEX: _Kind(
        "the loop has no form that says which member of {path} this is",
        "the members of a container have a hook point each, which is found by an index or a key",
        "loop over the container itself",
        at_run_time="",
    ),
    NoteCode.NO_NAME: _Kind(
        "{called} {is_} a module that no attribute names here",
        "a hook point is named after the attribute by which a module is called",
        "keep it as an attribute and call it by that to have it hooked",
    ),
    NoteCode.NO_ROLES: _Kind(
        "no value here has a role: {why}",
        "looked for are attention, the residual stream, perceptrons, experts and recurrences",
        "--site EXPRESSION hooks any value that you name",
    ),
    NoteCode.NO_ROOT: _Kind(
        "{subject}: {why}",
        "run_with_cache and run_with_hooks are methods of a HookedRootModule",
        "auto_hook(model) makes one of any model",
    ),
    NoteCode.NO_TENSOR: _Kind(
        "{called} gives back no single tensor",
        "a hook point takes one tensor, and the source names none here",
        "give the part that matters a name to have it hooked",
        at_run_time="",
    ),
    NoteCode.NOT_MADE: _Kind(
        "{hook_point} is not made: {why}",
        "a hook point has to exist wherever what it hooks does",
        _AUTO_HOOK,
        at_run_time="",
    ),
    NoteCode.OPTIONAL_PARAMETER: _Kind(
        "where {paths} is None, {names} show{s} the result without it",
        "an operation takes the parameter, and goes on where there is none",
        "a hook can ask whether there is one",
    ),
    NoteCode.OUT_OF_SIGHT: _Kind(
        "the holder of {path} is bound anew, or out of its scope, where its value is used",
        "a hook point is reached by the names by which the module was, at the place of the site",
        "use the value before the name is bound anew",
        at_run_time="",
    ),
    NoteCode.OUTPUT_IMPORT: _Kind(
        "{count} import{s} of {package} became import{s} of {output}",
        "under the old name the unhooked modules would be imported",
        "write the output to a folder of the same name to keep them as they are",
    ),
    NoteCode.OWN_IMPORT: _Kind(
        "{name} is the unhooked module here",
        "the output has another name, and what the import binds cannot be renamed",
        "import it `as` something, or write the output to a folder of the same name",
    ),
    NoteCode.OWN_CHILDREN: _Kind(
        "{cls} gets no hook points in the source: {why}",
        "hook points are children of the module that holds them, and would be taken for others",
        "auto_hook(model) hooks it, and adds no children",
        at_run_time="",
    ),
    NoteCode.PART_UNKNOWN: _Kind(
        "{called} may call a module of {path}, whose class the source does not show",
        "what an unknown object has may be a module or a method, which may give back anything",
        "annotate it as nn.Module to have it hooked; " + _AUTO_HOOK,
        at_run_time="",
    ),
    NoteCode.PASSED_ON: _Kind(
        "{path} is passed on to {callee}",
        "the source does not show where it is called",
        _AUTO_HOOK,
        at_run_time="",
    ),
    NoteCode.PATTERN_HIDDEN: _Kind(
        "{called} shows no scores and no pattern: {why}",
        "a hook point shows what the code computes, or steps that surely compute the same",
        "q, k, v and z are hooked where they are found",
    ),
    NoteCode.SEVERAL_CLASSES: _Kind(
        "{path} is not one submodule in each of {classes}",
        "the code runs for several classes, and one of them has no such hook point",
        _AUTO_HOOK,
        at_run_time="",
    ),
    NoteCode.SEVERAL_MODULES: _Kind(
        "{called} may be any of {places}",
        "the source does not say which of the hook points is meant",
        "call each in its own branch",
        at_run_time="",
    ),
    NoteCode.SHARED_HOOK_POINT: _Kind(
        "{names} fire{s} more than once in one pass",
        "a hook sees each of its sites, and a cache holds the last",
        "--per-site gives each site its own",
    ),
    NoteCode.TAKEN_APART_ELSEWHERE: _Kind(
        "{called} gives back a tuple that other code takes apart",
        "rebuilding the tuple would show its first part alone",
        "auto_hook(model) hooks its first part",
        at_run_time="",
    ),
    NoteCode.UNCLEAR_RESULT: _Kind(
        "the source does not say which part of {called} is a tensor",
        "a hook point takes one tensor",
        "an annotation of what it returns helps",
        at_run_time="",
    ),
    NoteCode.UNUSED_RESULT: _Kind(
        "nothing reads what {called} gives back",
        "a hook point on it would change nothing",
        _AUTO_HOOK,
        at_run_time="",
    ),
    NoteCode.WEIGHTS_ALONE: _Kind(
        "{called} computes with the weights of its {member}, and never calls that",
        "a module has a hook point for what it gives back when it is called",
        "the hook point of the attention shows what they give",
    ),
}
