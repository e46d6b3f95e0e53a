"""BiT's network in plain PyTorch, as a user of PyTorch would write it for speed: standardised weights, nothing else.

Takes the folder that transformers saves. Only what the released family has: preactivation blocks, ReLU, fixed padding.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

# transformers' constants.
STANDARDIZE_EPS = 1e-8
NORM_EPS = 1e-5
GROUPS = 32
# What the network is written for; other values of these fields of config.json are refused.
SUPPORTED = {
    "layer_type": "preactivation",
    "hidden_act": "relu",
    "num_groups": GROUPS,
    "global_padding": None,
    "embedding_dynamic_padding": False,
    "output_stride": 32,
    "width_factor": 1,
}


def norm(channels):
    return nn.GroupNorm(GROUPS, channels, eps=NORM_EPS)


def conv(channels_in, channels_out, size, stride=1):
    return nn.Conv2d(channels_in, channels_out, size, stride, padding=size // 2, bias=False)


class Block(nn.Module):
    def __init__(self, channels_in, channels_out, stride, is_first):
        super().__init__()
        middle = channels_out // 4
        self.norm1, self.conv1 = norm(channels_in), conv(channels_in, middle, 1)
        self.norm2, self.conv2 = norm(middle), conv(middle, middle, 3, stride)
        self.norm3, self.conv3 = norm(middle), conv(middle, channels_out, 1)
        self.downsample = conv(channels_in, channels_out, 1, stride) if is_first else None

    def forward(self, x):
        y = F.relu(self.norm1(x))
        shortcut = x if self.downsample is None else self.downsample(y)
        y = self.conv1(y)
        y = self.conv2(F.relu(self.norm2(y)))
        y = self.conv3(F.relu(self.norm3(y)))
        return y + shortcut


class PlainBit(nn.Module):
    def __init__(self, config):
        super().__init__()
        widths = config["hidden_sizes"]
        self.stem = conv(config["num_channels"], config["embedding_size"], 7, 2)
        blocks = []
        channels = config["embedding_size"]
        for stage, (width, depth) in enumerate(zip(widths, config["depths"])):
            for layer in range(depth):
                stride = 2 if stage > 0 and layer == 0 else 1
                blocks.append(Block(channels, width, stride, layer == 0))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.norm = norm(channels)
        self.head = nn.Linear(channels, len(config["id2label"]))

    def forward(self, pixels):
        x = F.max_pool2d(F.pad(self.stem(pixels), (1, 1, 1, 1)), 3, 2)
        x = F.relu(self.norm(self.blocks(x)))
        return self.head(x.mean((2, 3)))


def read_safetensors(path):
    """Name → tensor of a file of float32: all that is needed here, so that torch is the only requirement."""
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            raise ValueError(f"{name} is {entry['dtype']}, not F32")
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data, dtype=torch.float32, offset=8 + size + begin, count=(end - begin) // 4)
        tensors[name] = flat.view(entry["shape"])
    return tensors


def standardized(weight):
    var, mean = torch.var_mean(weight.double(), dim=(1, 2, 3), correction=0, keepdim=True)
    return ((weight - mean) / torch.sqrt(var + STANDARDIZE_EPS)).float()


def renamed(tensors, depths):
    """The names of the modules above, with convolutions standardised once and for all."""
    names = {
        "stem.weight": "bit.embedder.convolution.weight",
        **{f"norm.{kind}": f"bit.norm.{kind}" for kind in ("weight", "bias")},
        **{f"head.{kind}": f"classifier.1.{kind}" for kind in ("weight", "bias")},
    }
    block = 0
    for stage, depth in enumerate(depths):
        for layer in range(depth):
            theirs = f"bit.encoder.stages.{stage}.layers.{layer}"
            for i in (1, 2, 3):
                names[f"blocks.{block}.conv{i}.weight"] = f"{theirs}.conv{i}.weight"
                for kind in ("weight", "bias"):
                    names[f"blocks.{block}.norm{i}.{kind}"] = f"{theirs}.norm{i}.{kind}"
            if layer == 0:
                names[f"blocks.{block}.downsample.weight"] = f"{theirs}.downsample.conv.weight"
            block += 1
    weights = {ours: tensors.pop(theirs) for ours, theirs in names.items()}
    if tensors:
        raise ValueError(f"Not used: {sorted(tensors)}")
    return {name: standardized(weight) if weight.dim() == 4 else weight for name, weight in weights.items()}


def load_plain_bit(folder):
    """The network of a folder with config.json and model.safetensors, in float32 on the CPU."""
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    for field, value in SUPPORTED.items():
        if config[field] != value:
            raise ValueError(f"{field} is {config[field]!r}, not {value!r}")
    with torch.device("meta"):
        model = PlainBit(config)
    weights = renamed(read_safetensors(folder / "model.safetensors"), config["depths"])
    model.load_state_dict(weights, strict=True, assign=True)
    return model.eval().requires_grad_(False)
