"""PyTorch peers. Argument: eager, compile-float32, compile-bfloat16, convolutions-float32 or convolutions-bfloat16."""

import sys

from serve import pixels, serve, timed

import torch
import transformers
from transformers import BitForImageClassification
from transformers.models.bit.modeling_bit import WeightStandardizedConv2d

KIND, _, DTYPE = sys.argv[1].partition("-")
CHANNELS_LAST = torch.channels_last

torch.set_grad_enabled(False)
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def compiled(model):
    """Frozen weights in the layout that convolutions like best, one graph for each input shape."""
    torch._inductor.config.freezing = True
    fast = torch.compile(model.to(memory_format=CHANNELS_LAST), dynamic=False)

    def run(x):
        with torch.autocast("cpu", torch.bfloat16, enabled=DTYPE == "bfloat16"):
            return fast(x.contiguous(memory_format=CHANNELS_LAST)).logits

    return run


class Convolutions:
    """A network's convolutions one after the other on oneDNN, with packed weights and nothing between them."""

    def __init__(self, model, x):
        self.calls = []
        hooks = [
            module.register_forward_pre_hook(self.note)
            for module in model.modules()
            if isinstance(module, WeightStandardizedConv2d)
        ]
        model(x)
        for hook in hooks:
            hook.remove()

    def note(self, conv, inputs):
        dtype = getattr(torch, DTYPE)
        x = inputs[0].to(dtype).contiguous(memory_format=CHANNELS_LAST)
        geometry = [list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups]
        weight = torch._C._nn.mkldnn_reorder_conv2d_weight(
            conv.weight.to(dtype).to_mkldnn(), *geometry, list(x.shape)
        )
        self.calls.append((torch.empty_like(x).normal_(), weight, geometry))

    def __call__(self, _):
        for x, weight, geometry in self.calls:
            torch.ops.mkldnn._convolution_pointwise(x, weight, None, *geometry, "none", [], "")


class Peer:
    def versions(self):
        return {"torch": torch.__version__, "transformers": transformers.__version__}

    def load(self, folder):
        torch.compiler.reset()
        self.model = BitForImageClassification.from_pretrained(folder).eval()
        self.forward = {"eager": lambda: lambda x: self.model(x).logits, "compile": lambda: compiled(self.model)}.get(
            KIND, lambda: None
        )()

    def prepare(self, batch, size):
        self.input = pixels(batch, size)
        if KIND == "convolutions":
            self.forward = Convolutions(self.model, self.input)
        for _ in range(2):
            logits = self.forward(self.input)
        return {} if logits is None else {"logits": logits.float().flatten().tolist()}

    def run(self, times):
        return {"samples": timed(times, lambda: self.forward(self.input))}


peer = Peer()
serve({name: getattr(peer, name) for name in ("versions", "load", "prepare", "run")})
