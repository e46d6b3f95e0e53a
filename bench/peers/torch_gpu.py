"""PyTorch on a GPU: the network of plain_bit.py in bfloat16 with channels last.

Arguments: eager, or compile for max-autotune with CUDA graphs; the device, 'cuda', or 'cpu' for a trial.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import torch_only  # noqa: F401  (before serve)
from plain_bit import load_plain_bit
from serve import pixels, serve, timed
from torch_clock import Clock

import torch

KIND, DEVICE = sys.argv[1:3]
CLOCK = Clock(DEVICE)
TYPE = {"dtype": torch.bfloat16, "memory_format": torch.channels_last}
# torch.compile runs as it is, then records, then replays.
WARM_UP = 4

torch.set_grad_enabled(False)
torch.backends.cudnn.benchmark = True


class Peer:
    def versions(self):
        versions = {"torch": torch.__version__}
        if DEVICE == "cuda":
            versions["cuDNN"] = str(torch.backends.cudnn.version())
        if KIND == "compile" and DEVICE == "cuda":
            import triton

            versions["triton"] = triton.__version__
        return versions

    def load(self, folder):
        network = load_plain_bit(folder).to(DEVICE, **TYPE)
        self.compiled = KIND == "compile"
        self.network = torch.compile(network, mode="max-autotune", dynamic=False) if self.compiled else network

    def forward(self, x):
        if self.compiled:
            # The outputs of the last replay are not needed any more.
            torch.compiler.cudagraph_mark_step_begin()
        return self.network(x)

    def on_device(self):
        """From float32 pixel values [N, 3, H, W] on the device, as ours."""
        return self.forward(self.input.to(**TYPE))

    def from_memory(self, x):
        """As forward, from float32 pixel values in the computer's memory to logits there."""
        on_device = x.to(DEVICE, non_blocking=True).to(**TYPE)
        return self.forward(on_device).float().cpu()

    def prepare(self, batch, size, shown):
        self.host = pixels(batch, size)
        if DEVICE == "cuda":
            self.host = self.host.pin_memory()
        self.input = self.host.to(DEVICE)
        for _ in range(WARM_UP):
            self.on_device()
            logits = self.from_memory(self.host)
        return {"logits": logits[:shown].flatten().tolist()}

    def run(self, times):
        device = [CLOCK.milliseconds(self.on_device) for _ in range(times)]
        return {"device": device, "wall": timed(times, lambda: self.from_memory(self.host))}

    def prepare_files(self, files, settings, batch, shown):
        """transformers' path: Pillow on all cores, its fast processor on the device."""
        from transformers import BitImageProcessor

        self.processor = BitImageProcessor(**settings)
        self.decoders = ThreadPoolExecutor(os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count())
        self.files = files
        self.batch = batch
        for _ in range(WARM_UP):
            logits = self.classify()
        return {"logits": logits[:shown].flatten().tolist()}

    def classify(self):
        """Logits of all files; the next batches are decoded while one is computed."""
        from PIL import Image

        decoded = [self.decoders.submit(lambda name: Image.open(name).convert("RGB"), file) for file in self.files]
        logits = []
        for start in range(0, len(decoded), self.batch):
            images = [each.result() for each in decoded[start : start + self.batch]]
            values = self.processor(images, return_tensors="pt", device=DEVICE)["pixel_values"]
            # A copy, since the next replay writes there too; it waits for nothing.
            logits.append(self.forward(values.to(DEVICE, **TYPE)).float())
        return torch.cat(logits).cpu()

    def run_files(self, times):
        return {"wall": timed(times, self.classify)}


peer = Peer()
serve({name: getattr(peer, name) for name in ("versions", "load", "prepare", "run", "prepare_files", "run_files")})
