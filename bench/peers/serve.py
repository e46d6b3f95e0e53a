"""The other end of harness/worker.js for peers in Python."""

import json
import sys
import time
import traceback
from pathlib import Path

# Where the torchvision that is installed was built for CUDA and torch was not, this lets it load all the same.
sys.path.insert(0, str(Path(__file__).parents[2] / "test" / "reference"))
import torch  # noqa: E402
import torchvision_cpu  # noqa: E402, F401  (before transformers)


def serve(operations):
    """`operations` are functions by name, from the request's fields to an answer."""
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = operations[request.pop("op")](**request) or {}
        except Exception:
            answer = {"error": traceback.format_exc()}
        print("@" + json.dumps(answer), flush=True)


def timed(times, work):
    """Milliseconds that each call of `work` takes."""
    samples = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        samples.append(1000 * (time.perf_counter() - start))
    return samples


def pixels(batch, size):
    """The input that all peers get; see serve.js."""
    noise = torch.arange(batch * 3 * size * size) * 2654435761 % 2**32
    return (noise / 2**31 - 1).float().view(batch, 3, size, size)
