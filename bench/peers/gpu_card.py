"""The card itself: what it is, how fast it copies and multiplies, and what a network answers on it in float32.

Argument: the device, 'cuda', or 'cpu' to try the benchmark where there is no card.
"""

import shutil
import subprocess
import sys

import torch_only  # noqa: F401  (before serve)
from plain_bit import load_plain_bit
from serve import pixels, serve
from torch_clock import Clock

import torch

DEVICE = sys.argv[1]
HAS_CARD = DEVICE == "cuda"
CLOCK = Clock(DEVICE)

# Large enough that caches hold nothing of it.
COPIED_BYTES = 2**32 if HAS_CARD else 2**24
MATRIX_SIDE = 8192 if HAS_CARD else 256
WARM_UP, TIMES = 3, 20

torch.set_grad_enabled(False)
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False


def driver():
    if shutil.which("nvidia-smi") is None:
        return "unknown"
    query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader", "--id=0"]
    return subprocess.run(query, capture_output=True, text=True).stdout.strip() or "unknown"


def median_seconds(work):
    for _ in range(WARM_UP):
        work()
    return sorted(CLOCK.milliseconds(work) for _ in range(TIMES))[TIMES // 2] / 1000


def describe():
    if not HAS_CARD:
        return {"name": "no card: a trial on the CPU"}
    properties = torch.cuda.get_device_properties(0)
    return {
        "name": properties.name,
        "capability": f"{properties.major}.{properties.minor}",
        "multiprocessors": properties.multi_processor_count,
        "memoryGiB": round(properties.total_memory / 2**30),
        "driver": driver(),
    }


def ceilings():
    """Bytes read and written in a second by a copy on the device; operations in a second of a bfloat16 product."""
    source = torch.ones(COPIED_BYTES, dtype=torch.uint8, device=DEVICE)
    target = torch.empty_like(source)
    bandwidth = 2 * COPIED_BYTES / median_seconds(lambda: target.copy_(source))
    del source, target
    a, b = (torch.randn(MATRIX_SIDE, MATRIX_SIDE, device=DEVICE, dtype=torch.bfloat16) for _ in range(2))
    rate = 2 * MATRIX_SIDE**3 / median_seconds(lambda: a @ b)
    del a, b
    free_memory()
    return {"bandwidth": bandwidth, "rate": rate}


def memory():
    """Bytes in use on the card, by whoever it may be."""
    if not HAS_CARD:
        return {"used": 0}
    free, total = torch.cuda.mem_get_info()
    return {"used": total - free}


def answers(folder, pixel_values):
    """The network's logits in float32, and what plain rounding to bfloat16 costs: 1 less the cosine to them."""
    network = load_plain_bit(folder).to(DEVICE)
    x = pixel_values.to(DEVICE)
    logits = network(x)
    rounded = network.bfloat16()(x.bfloat16()).float()
    flat = [each.sub(each.mean(1, keepdim=True)).double().flatten() for each in (rounded, logits)]
    rounding = 1 - torch.cosine_similarity(*flat, dim=0)
    del network
    free_memory()
    return {"logits": logits.flatten().tolist(), "rounding": rounding.item()}


def reference(folder, batch, size):
    """Of the first images of what all peers get."""
    return answers(folder, pixels(batch, size))


def reference_files(folder, files, settings):
    """Of photographs, by way of transformers' processor."""
    from PIL import Image
    from transformers import BitImageProcessor

    images = [Image.open(file).convert("RGB") for file in files]
    return answers(folder, BitImageProcessor(**settings)(images, return_tensors="pt")["pixel_values"])


def free_memory():
    if HAS_CARD:
        torch.cuda.empty_cache()


serve(
    {
        "describe": describe,
        "ceilings": ceilings,
        "memory": memory,
        "reference": reference,
        "reference_files": reference_files,
    }
)
