"""The models of PyTorch Geometric, small, on one random graph."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tests.zoo.recipes import Recipe, floats, integers, recipe_model, recipe_names

NODES = 12


def table() -> Mapping[str, Recipe]:
    from torch_geometric.nn import aggr, conv, models

    x, edges = floats(NODES, 8), graph()
    node_features = (x, edges)
    weights = floats(edges.shape[1]).abs()
    features = floats(edges.shape[1], 4)
    batch = torch.arange(NODES) // (NODES // 2)
    atoms, places = integers(9, NODES) + 1, floats(NODES, 3)
    small: dict[str, Any] = {"in_channels": 8, "hidden_channels": 16, "num_layers": 3}
    signed = (edges[:, ::2], edges[:, 1::2])
    encoder = partial(models.GCN, 8, 16, 2)
    return {
        "GCN": Recipe(partial(models.GCN, **small, out_channels=4), (*node_features, weights)),
        "GCN jumping": Recipe(
            partial(models.GCN, **small, out_channels=4, jk="cat", norm="BatchNorm", dropout=0.1),
            node_features,
        ),
        "GraphSAGE": Recipe(partial(models.GraphSAGE, **small, norm="LayerNorm"), node_features),
        "GraphSAGE jumping by lstm": Recipe(
            partial(models.GraphSAGE, **small, jk="lstm"), node_features
        ),
        "GIN": Recipe(partial(models.GIN, **small, out_channels=4), node_features),
        "GAT": Recipe(partial(models.GAT, **small, heads=4, dropout=0.1), node_features),
        "GATv2": Recipe(
            partial(models.GAT, **small, v2=True, heads=2, edge_dim=4),
            node_features,
            {"edge_attr": features},
        ),
        "PNA": Recipe(
            partial(
                models.PNA, **small, aggregators=["mean", "max"], scalers=["identity", "linear"],
                deg=torch.bincount(edges[1], minlength=4),
            ),
            node_features,
        ),
        "EdgeCNN": Recipe(partial(models.EdgeCNN, **small), node_features),
        "MLP": Recipe(partial(models.MLP, [8, 16, 16, 4], dropout=0.1), (x,)),
        "GraphUNet": Recipe(partial(models.GraphUNet, 8, 16, 4, depth=2), node_features),
        "LINKX": Recipe(partial(models.LINKX, NODES, 8, 16, 4, 2), node_features),
        "PMLP": Recipe(partial(models.PMLP, 8, 16, 4, 3), node_features),
        "DeepGraphInfomax": Recipe(
            lambda: models.DeepGraphInfomax(
                16, encoder(), summary=summary, corruption=corruption
            ),
            node_features,
        ),
        "GAE": Recipe(lambda: models.GAE(encoder()), node_features),
        "ARGVA": Recipe(
            lambda: models.ARGVA(Variational(encoder(), encoder()), nn.Linear(16, 1)),
            node_features,
        ),
        "DeepGCNLayer": Recipe(
            lambda: models.DeepGCNLayer(
                conv.GENConv(8, 8, aggr="softmax"), nn.LayerNorm(8), nn.ReLU(), dropout=0.1
            ),
            node_features,
        ),
        "MetaLayer": Recipe(
            lambda: models.MetaLayer(Edges(), Nodes()), (x, edges, features)
        ),
        "SignedGCN": Recipe(partial(models.SignedGCN, 8, 16, 2), (x, *signed)),
        "LightGCN": Recipe(partial(models.LightGCN, NODES, 16, 2), (edges,)),
        "RECT_L": Recipe(partial(models.RECT_L, 8, 16), node_features),
        "AttentiveFP": Recipe(
            partial(models.AttentiveFP, 8, 16, 4, edge_dim=4, num_layers=2, num_timesteps=2),
            (x, edges, features, batch),
        ),
        "NeuralFingerprint": Recipe(
            partial(models.NeuralFingerprint, 8, 16, 4, 2), node_features, {"batch": batch}
        ),
        "SchNet": Recipe(
            partial(
                models.SchNet, hidden_channels=16, num_filters=16, num_interactions=2,
                interaction_graph=Distances(edges),
            ),
            (atoms, places),
        ),
        "SGFormer": Recipe(partial(models.SGFormer, 8, 16, 4), (x, edges, batch)),
        "Polynormer": Recipe(partial(models.Polynormer, 8, 16, 4), (x, edges, batch)),
        "JumpingKnowledge": Recipe(
            partial(models.JumpingKnowledge, "lstm", 8, 3), ([x, x + 1, x * 2],)
        ),
        "MaskLabel": Recipe(
            partial(models.MaskLabel, 4, 8), (x, integers(4, NODES), torch.arange(NODES) < 5)
        ),
        "SetTransformerAggregation": Recipe(
            partial(aggr.SetTransformerAggregation, 8, 2, heads=2), (x, batch)
        ),
        "GPSConv": Recipe(
            lambda: conv.GPSConv(8, conv.GINConv(models.MLP([8, 8, 8])), heads=2),
            (x, edges, batch),
        ),
    }  # fmt: skip


def graph() -> Tensor:
    """A ring with chords, both ways."""
    here = torch.arange(NODES)
    there = torch.cat([(here + 1) % NODES, (here + 5) % NODES])
    edges = torch.stack([torch.cat([here, here]), there])
    return torch.cat([edges, edges.flip(0)], dim=1)


def summary(z: Tensor, *_: Any, **__: Any) -> Tensor:
    return z.mean(dim=0).sigmoid()


def corruption(x: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
    return x.flip(0), edges


class Distances(nn.Module):
    """Gives SchNet the edges, which it would find with a compiled operator of another package."""

    def __init__(self, edges: Tensor) -> None:
        super().__init__()
        self.edges = edges

    def forward(self, places: Tensor, batch: Tensor) -> tuple[Tensor, Tensor]:
        here, there = self.edges
        return self.edges, (places[here] - places[there]).norm(dim=-1)


class Variational(nn.Module):
    """Mean and deviation, as VGAE's encoder gives them."""

    def __init__(self, mean: nn.Module, deviation: nn.Module) -> None:
        super().__init__()
        self.mean, self.deviation = mean, deviation

    def forward(self, x: Tensor, edges: Tensor) -> tuple[Tensor, Tensor]:
        return self.mean(x, edges), self.deviation(x, edges)


class Edges(nn.Module):
    """A model of edges for `MetaLayer`."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(20, 4)

    def forward(self, src: Tensor, dst: Tensor, edge: Tensor, u: Any, batch: Any) -> Tensor:
        out: Tensor = self.fc(torch.cat([src, dst, edge], 1))
        return out


class Nodes(nn.Module):
    """A model of nodes for `MetaLayer`."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(12, 8)

    def forward(self, x: Tensor, index: Tensor, edge: Tensor, u: Any, batch: Any) -> Tensor:
        gathered = x.new_zeros(x.shape[0], 4).index_add(0, index[1], edge)
        out: Tensor = self.fc(torch.cat([x, gathered], 1))
        return out


names = partial(recipe_names, table)
model = partial(recipe_model, table)
