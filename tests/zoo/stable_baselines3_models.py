"""The policies of stable-baselines3, for each kind of observation and action."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import nn

from tests.zoo.recipes import Recipe, floats, integers, recipe_model, recipe_names


def schedule(progress: float) -> float:
    """A learning rate that stays."""
    return 0.001


def table() -> Mapping[str, Recipe]:
    import numpy as np
    from gymnasium import spaces
    from stable_baselines3.common import policies
    from stable_baselines3.common.torch_layers import MlpExtractor
    from stable_baselines3.dqn import policies as dqn
    from stable_baselines3.sac import policies as sac
    from stable_baselines3.td3 import policies as td3

    vector = spaces.Box(-1, 1, (6,))
    picture = spaces.Box(0, 255, (3, 40, 40), dtype=np.uint8)
    both = spaces.Dict({"vector": vector, "picture": picture})
    torque = spaces.Box(-1, 1, (2,))

    def seen(space: Any) -> Any:
        if isinstance(space, spaces.Dict):
            return {name: seen(part) for name, part in space.items()}
        return floats(2, 6) if space is vector else integers(256, 2, 3, 40, 40)

    def policy(built: Any, space: Any, action: Any, **options: Any) -> Recipe:
        return Recipe(partial(built, space, action, schedule, **options), (seen(space),))

    small = {"net_arch": [16, 16]}
    cnn = {"features_extractor_kwargs": {"features_dim": 16}, **small}
    dictionary = {"features_extractor_kwargs": {"cnn_output_dim": 16}, **small}
    return {
        "ActorCriticPolicy discrete": policy(
            policies.ActorCriticPolicy, vector, spaces.Discrete(4), **small
        ),
        "ActorCriticPolicy continuous": policy(
            policies.ActorCriticPolicy, vector, torque, net_arch={"pi": [16], "vf": [16, 16]}
        ),
        "ActorCriticPolicy several discrete": policy(
            policies.ActorCriticPolicy, vector, spaces.MultiDiscrete([3, 2]), **small
        ),
        "ActorCriticPolicy binary": policy(
            policies.ActorCriticPolicy, vector, spaces.MultiBinary(4), **small
        ),
        "ActorCriticCnnPolicy": policy(
            policies.ActorCriticCnnPolicy, picture, spaces.Discrete(4), **cnn
        ),
        "ActorCriticCnnPolicy extractors apart": policy(
            policies.ActorCriticCnnPolicy, picture, torque, share_features_extractor=False, **cnn
        ),
        "MultiInputActorCriticPolicy": policy(
            policies.MultiInputActorCriticPolicy, both, spaces.Discrete(4), **dictionary
        ),
        "DQNPolicy": policy(dqn.DQNPolicy, vector, spaces.Discrete(4), **small),
        "DQN CnnPolicy": policy(dqn.CnnPolicy, picture, spaces.Discrete(4), **cnn),
        "DQN MultiInputPolicy": policy(
            dqn.MultiInputPolicy, both, spaces.Discrete(4), **dictionary
        ),
        "SACPolicy": policy(sac.SACPolicy, vector, torque, **small),
        "SAC CnnPolicy": policy(sac.CnnPolicy, picture, torque, **cnn),
        "TD3Policy": policy(td3.TD3Policy, vector, torque, **small),
        "TD3 MultiInputPolicy": policy(td3.MultiInputPolicy, both, torque, **dictionary),
        "TD3 critic": Recipe(
            lambda: td3.TD3Policy(vector, torque, schedule, **small).critic,
            (floats(2, 6), floats(2, 2)),
        ),
        "MlpExtractor": Recipe(
            partial(MlpExtractor, 6, {"pi": [16], "vf": [16, 16]}, nn.Tanh), (floats(2, 6),)
        ),
    }


names = partial(recipe_names, table)
model = partial(recipe_model, table)
