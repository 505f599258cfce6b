"""What torch's recurrent modules give beside their first result."""

from __future__ import annotations

__all__ = ["result_name"]

_LAST_STATE: dict[tuple[int, ...], str] = {(1,): "h"}
_RESULTS: dict[str, dict[tuple[int, ...], str]] = {
    "torch.nn.RNN": _LAST_STATE,
    "torch.nn.GRU": _LAST_STATE,
    "torch.nn.LSTM": {(1, 0): "h", (1, 1): "c"},
    "torch.nn.LSTMCell": {(1,): "c"},
}


def result_name(dotted: str, path: tuple[int, ...]) -> str | None:
    """Return ``c`` for the item ``[1][1]`` of what an LSTM gives."""
    return _RESULTS.get(dotted, {}).get(path)
