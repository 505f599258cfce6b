"""Lets torchvision be imported beside a torch that its compiled operators were not built for.

Only their schemas are declared, so that what registers kernels for them finds them.
"""

from __future__ import annotations

import torch

__all__ = ["declare_operators"]

BOXES = "Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, SymInt pooled_width"
SHAPE = "SymInt batch_size, SymInt channels, SymInt height, SymInt width"
GRADIENT = BOXES.replace("input", "grad")
DEFORMED = "Tensor input, Tensor weight, Tensor offset, Tensor mask, Tensor bias"
STEPS = (
    "SymInt stride_h, SymInt stride_w, SymInt pad_h, SymInt pad_w, SymInt dilation_h,"
    " SymInt dilation_w, SymInt groups, SymInt offset_groups, bool use_mask"
)
SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    f"roi_align({BOXES}, int sampling_ratio, bool aligned) -> Tensor",
    f"_roi_align_backward({GRADIENT}, {SHAPE}, int sampling_ratio, bool aligned) -> Tensor",
    f"roi_pool({BOXES}) -> (Tensor, Tensor)",
    "_roi_pool_backward(Tensor grad, Tensor rois, Tensor argmax, float spatial_scale,"
    f" SymInt pooled_height, SymInt pooled_width, {SHAPE}) -> Tensor",
    f"ps_roi_align({BOXES}, int sampling_ratio) -> (Tensor, Tensor)",
    "_ps_roi_align_backward(Tensor grad, Tensor rois, Tensor channel_mapping, float spatial_scale,"
    f" SymInt pooled_height, SymInt pooled_width, int sampling_ratio, {SHAPE}) -> Tensor",
    f"ps_roi_pool({BOXES}) -> (Tensor, Tensor)",
    "_ps_roi_pool_backward(Tensor grad, Tensor rois, Tensor channel_mapping, float spatial_scale,"
    f" SymInt pooled_height, SymInt pooled_width, {SHAPE}) -> Tensor",
    f"deform_conv2d({DEFORMED}, {STEPS}) -> Tensor",
    f"_deform_conv2d_backward(Tensor grad, {DEFORMED}, {STEPS})"
    " -> (Tensor, Tensor, Tensor, Tensor, Tensor)",
)

_libraries: list[torch.library.Library] = []


def declare_operators() -> None:
    """Call before torchvision is imported for the first time."""
    if not _libraries:
        library = torch.library.Library("torchvision", "DEF")
        _libraries.append(library)  # the operators go with it
        for schema in SCHEMAS:
            library.define(schema)
