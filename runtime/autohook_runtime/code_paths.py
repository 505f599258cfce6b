"""Whether code that makes a call sends the result through a hook point, whichever way it takes.

Read off the bytecode, since a hook point may stand on one way only:

    out = self.encoder(x)
    if hidden:
        return self.encoder_hook_point(out.last_hidden_state)
    return out.pooled
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType

ENDS = frozenset(("RETURN_VALUE", "RETURN_CONST"))
FAILS = frozenset(("RAISE_VARARGS", "RERAISE"))
JUMPS = frozenset(
    "JUMP_FORWARD JUMP_ABSOLUTE JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT JUMP_NO_INTERRUPT".split()
)
CAN_JUMP = frozenset((*dis.hasjrel, *dis.hasjabs))


class Code:
    """Instructions, and the ways between them."""

    def __init__(self, code: CodeType) -> None:
        self.instructions = list(dis.get_instructions(code))
        self.places = {each.offset: place for place, each in enumerate(self.instructions)}

    def place(self, offset: int) -> int:
        while offset not in self.places:  # in the instruction's own cache
            offset -= 2
        return self.places[offset]

    def names(self, place: int, names: frozenset[str]) -> bool:
        each = self.instructions[place]
        return each.opcode in dis.hasname and each.argval in names

    def next(self, place: int) -> Iterator[tuple[int, int]]:
        """The places that may follow, each with the change of the stack's depth on the way there.
        Not the handlers of errors."""
        each = self.instructions[place]
        argument = each.arg if each.opcode >= dis.HAVE_ARGUMENT else None
        if each.opname in ENDS or each.opname in FAILS:
            return
        if each.opname not in JUMPS:
            yield place + 1, dis.stack_effect(each.opcode, argument, jump=False)
        if each.opcode in CAN_JUMP and not each.opname.startswith("SETUP_"):
            yield self.places[each.argval], dis.stack_effect(each.opcode, argument, jump=True)


@lru_cache(maxsize=4096)
def is_sent_through(code: CodeType, offset: int, names: frozenset[str]) -> bool:
    """Whether the result of the call at `offset` is an argument of what has one of `names`, or each
    way from there to a `return` comes past one of them."""
    graph = Code(code)
    call = graph.place(offset)
    return _is_argument(graph, call, names) or _is_named_after(graph, call, names)


def _is_argument(graph: Code, call: int, names: frozenset[str]) -> bool:
    """`self.fc_hook_point(self.fc(x))`: the hook point is on the stack when `fc` is called."""
    places = [place for place in range(call) if graph.names(place, names)]
    to_do = [(following, 0) for place in places for following, _ in graph.next(place)]
    seen = set(to_do)
    while to_do:
        place, depth = to_do.pop()
        if place == call:
            return True
        is_call = graph.instructions[place].opname.startswith("CALL")
        for following, change in graph.next(place):
            state = following, depth + change
            # the hook point itself is called, or given away
            is_over = state[1] < 0 or (is_call and state[1] == 0)
            if not is_over and state not in seen:
                seen.add(state)
                to_do.append(state)
    return False


def _is_named_after(graph: Code, call: int, names: frozenset[str]) -> bool:
    to_do = [following for following, _ in graph.next(call)]
    seen = set(to_do)
    while to_do:
        place = to_do.pop()
        if graph.names(place, names):
            continue
        if place == call or graph.instructions[place].opname in ENDS:
            return False
        new = {following for following, _ in graph.next(place)} - seen
        seen |= new
        to_do.extend(new)
    return True
