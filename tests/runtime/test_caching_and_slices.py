"""What a cache keeps, and runs under torch's own hooks."""

import functools
import warnings

import pytest
import torch
from autohook_runtime import auto_hook
from torch import nn


def bytes_held(tensor):
    return tensor.untyped_storage().nbytes()


@pytest.mark.parametrize("pos_slice", [slice(-1, None), (2, 4)])
def test_a_slice_of_positions_is_all_that_is_kept(pos_slice):
    """With `pos_slice`, a cached value takes the memory of its slice, not of the whole."""
    model, x = auto_hook(nn.Sequential(nn.Linear(4, 4))), torch.randn(1, 64, 4)
    _, cache = model.run_with_cache(x, pos_slice=pos_slice)
    for value in cache.values():
        assert bytes_held(value) == value.numel() * value.element_size()


def test_a_batch_of_two_has_no_batch_dimension_to_remove():
    """`remove_batch_dim=True` with a batch of two is refused or warned of, never ignored."""
    model, x = auto_hook(nn.Sequential(nn.Linear(4, 4))), torch.randn(2, 3, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises((AssertionError, ValueError, Warning)):
            model.run_with_cache(x, remove_batch_dim=True)


def test_an_output_that_refers_to_itself_is_cached():
    """An output may hold a state that holds itself: the first tensor in it is what is hooked."""

    class Stateful(nn.Module):
        def forward(self, x):
            state = {"steps": 1}
            state["owner"] = [state]
            return state, x * 2

    model, x = auto_hook(nn.ModuleList([Stateful()])[0]), torch.ones(3)
    _, cache = model.run_with_cache(x)
    assert torch.equal(cache["hook_point"], x * 2)
    hooks = [("hook_point", lambda value, hook: value + 1)]
    state, edited = model.run_with_hooks(x, fwd_hooks=hooks)
    assert torch.equal(edited, x * 3)
    assert state["owner"][0]["steps"] == 1


def test_an_edit_works_under_saved_tensors_hooks_of_any_kind():
    """`saved_tensors_hooks` takes any callable, a `partial` too, while a hook edits."""
    packed = []

    def pack(where, tensor):
        where.append(tensor.shape)
        return tensor

    model, x = auto_hook(nn.Sequential(nn.Linear(4, 4), nn.Tanh())), torch.randn(2, 4)
    hooks = [("0.hook_point", lambda value, hook: value * 2)]
    saving = torch.autograd.graph.saved_tensors_hooks(functools.partial(pack, packed), lambda t: t)
    with saving, model.hooks(fwd_hooks=hooks):
        output = model(x)
        output.sum().backward()
    torch.testing.assert_close(output, torch.tanh(model[0](x) * 2))
    assert packed


def test_positions_are_cut_where_they_are():
    """`pos_slice` cuts the last dimension but one, and the output stays whole."""
    model, x = auto_hook(nn.Sequential(nn.Linear(4, 4))), torch.randn(2, 6, 4)
    output, cache = model.run_with_cache(x, pos_slice=slice(1, 3))
    assert output.shape == (2, 6, 4)
    assert torch.equal(cache["0.hook_point"], output[:, 1:3])
