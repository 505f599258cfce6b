"""SAELens's ActivationsStore on hooked models, end to end (`make test-saelens`)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from autohook_runtime import auto_hook
from datasets import Dataset
from sae_lens.saes.sae import TrainStepInput
from sae_lens.saes.standard_sae import StandardTrainingSAE, StandardTrainingSAEConfig
from sae_lens.training.activations_store import ActivationsStore
from torch import nn

from autohook_codegen import hook_source

WIDTH, CONTEXT = 16, 8
SOURCE = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up = nn.Linear(width, width)

    def forward(self, x):
        return x + torch.relu(self.up(x))


class Model(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embed = nn.Embedding(32, width)
        self.blocks = nn.ModuleList([Block(width) for _ in range(3)])
        self.head = nn.Linear(width, 32)

    def forward(self, ids):
        x = self.embed(ids)
        for block in self.blocks:
            x = block(x)
        return self.head(x)
"""


def defined(source: str) -> Any:
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(source, namespace)
    return namespace["Model"](WIDTH)


def generated() -> Any:
    return auto_hook(defined(hook_source(SOURCE).code))


def hooked() -> Any:
    return auto_hook(defined(SOURCE))


CASES = [
    pytest.param(hooked, "blocks.1.up.hook_point", id="auto_hook"),
    pytest.param(generated, "blocks.1.up_hook_point", id="generated"),
]


def store_of(model: nn.Module, name: str) -> ActivationsStore:
    rows = [torch.randint(0, 32, (CONTEXT,)).tolist() for _ in range(400)]
    return ActivationsStore(
        model,
        Dataset.from_dict({"input_ids": rows}),
        streaming=False,
        hook_name=name,
        hook_head_index=None,
        context_size=CONTEXT,
        d_in=WIDTH,
        n_batches_in_buffer=4,
        total_training_tokens=2000,
        store_batch_size_prompts=4,
        train_batch_size_tokens=32,
        prepend_bos=False,
        normalize_activations="none",
        device=torch.device("cpu"),
        dtype="float32",
        exclude_special_tokens=None,
    )


@pytest.mark.parametrize(("make", "name"), CASES)
def test_activations_are_what_passes(make: Any, name: str) -> None:
    model = make()
    store = store_of(model, name)
    ids = store.get_batch_tokens()
    expected = model.run_with_cache(ids)[1][name]
    torch.testing.assert_close(store.get_activations(ids), expected)


@pytest.mark.parametrize(("make", "name"), CASES)
def test_a_sparse_autoencoder_trains_on_them(make: Any, name: str) -> None:
    torch.manual_seed(0)
    store = store_of(make(), name)
    sae = StandardTrainingSAE(StandardTrainingSAEConfig(d_in=WIDTH, d_sae=64, l1_coefficient=0.0))
    optimizer = torch.optim.Adam(sae.parameters(), lr=1e-2)
    losses = []
    for step in range(30):
        batch = next(store).reshape(-1, WIDTH)
        output = sae.training_forward_pass(
            TrainStepInput(
                sae_in=batch,
                coefficients={"l1": 0.0},
                dead_neuron_mask=None,
                n_training_steps=step,
                is_logging_step=False,
            )
        )
        optimizer.zero_grad()
        output.loss.backward()
        optimizer.step()
        losses.append(float(output.loss))
    assert losses[-1] < losses[0] / 2
