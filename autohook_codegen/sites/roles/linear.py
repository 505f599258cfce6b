"""Linear layers and parameters, however they are written."""

from __future__ import annotations

from autohook_codegen.analysis.flow import Flow
from autohook_codegen.analysis.points import Point, Way
from autohook_codegen.analysis.values import Parameter

__all__ = ["is_linear", "is_parameter"]


def is_linear(flow: Flow, way: Way) -> bool:
    """Tell whether it is a linear layer: a module, a product with a parameter, an unknown function
    of a computed value and a parameter."""
    if way.kind == "unknown" and not way.inner:
        learned = [one for one in way.sources if is_parameter(flow, one)]
        return bool(learned) and any(flow.is_fed(one) for one in way.sources)
    return way.kind == "linear" or (
        way.kind == "matmul" and any(is_parameter(flow, one) for one in way.sources)
    )


def is_parameter(flow: Flow, point: Point) -> bool:
    """Tell whether the value is a parameter, or a view of one."""
    kinds = {"same", "view", "cast", "slice", "repeat", "item"}
    return any(
        way.kind == "parameter" or any(isinstance(one, Parameter) for one in flow.value(way.point))
        for way in flow.walk(point, lambda way: way.kind in kinds)
    )
