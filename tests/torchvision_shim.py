"""Lets torchvision be imported where only its Python half works: import this before anything that imports torchvision.

Its wheels for GPUs pair with GPU builds of PyTorch; beside a CPU build the import stops at two operators no classifier needs.
"""

import torch

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

_library = torch.library.Library("torchvision", "FRAGMENT")
for _schema in SCHEMAS:
    if not hasattr(torch.ops.torchvision, _schema.partition("(")[0]):
        _library.define(_schema)
