"""Writes model.onnx beside a checkpoint, with weights standardised and constants folded. Argument: the folder."""

import sys
from pathlib import Path

import serve  # noqa: F401  (before transformers)
import torch
import transformers
from torch.export import Dim
from transformers import BitForImageClassification


class Logits(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        return self.model(pixels).logits


transformers.utils.logging.set_verbosity_error()
folder = Path(sys.argv[1])
model = BitForImageClassification.from_pretrained(folder).eval()
for module in model.modules():
    if isinstance(module, transformers.models.bit.modeling_bit.WeightStandardizedConv2d):
        weight = torch.nn.functional.batch_norm(
            module.weight.reshape(1, module.out_channels, -1), None, None, training=True, momentum=0.0, eps=module.eps
        ).reshape_as(module.weight)
        module.weight.data.copy_(weight)
        # What is left is a plain convolution.
        module.forward = torch.nn.Conv2d.forward.__get__(module)
torch.onnx.export(
    Logits(model),
    (torch.zeros(2, 3, 224, 224),),
    folder / "model.onnx",
    input_names=["pixels"],
    output_names=["logits"],
    dynamic_shapes=({0: Dim("batch"), 2: Dim("height"), 3: Dim("width")},),
    external_data=True,
    dynamo=True,
)
