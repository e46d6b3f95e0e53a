"""Steps of training by PyTorch.

Arguments: eager, channels-last or compile, and -float32 or -bfloat16 (autocast); the device, 'cpu' where it is left out.
"""

import resource
import sys

from serve import pixels, serve, timed

import torch
import transformers
from transformers import BitForImageClassification

KIND, _, DTYPE = sys.argv[1].rpartition("-")
DEVICE = sys.argv[2] if len(sys.argv) > 2 else "cpu"
RATE = 0.003

torch.backends.cudnn.benchmark = True

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


class Peer:
    def versions(self):
        return {"torch": torch.__version__, "transformers": transformers.__version__}

    def load(self, folder):
        self.model = BitForImageClassification.from_pretrained(folder).train()
        if KIND != "eager":
            self.model = self.model.to(memory_format=torch.channels_last)
        self.model = self.model.to(DEVICE)
        self.forward = self.model
        if KIND == "compile":
            # With CUDA graphs, where there are such.
            mode = "default" if DEVICE == "cpu" else "reduce-overhead"
            self.forward = torch.compile(self.model, dynamic=False, mode=mode)
        fused = DEVICE != "cpu"
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=RATE, momentum=0.9, fused=fused)

    def prepare(self, batch, size):
        self.input = pixels(batch, size)
        if KIND != "eager":
            self.input = self.input.contiguous(memory_format=torch.channels_last)
        self.labels = torch.arange(batch)
        if DEVICE != "cpu":
            self.input, self.labels = self.input.pin_memory(), self.labels.pin_memory()
        return {"losses": [self.step() for _ in range(3)]}

    def step(self):
        # From the computer's memory, as ours.
        images, labels = (each.to(DEVICE, non_blocking=True) for each in (self.input, self.labels))
        with torch.autocast(DEVICE, torch.bfloat16, enabled=DTYPE == "bfloat16"):
            logits = self.forward(images).logits
        loss = torch.nn.functional.cross_entropy(logits.float(), labels)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()  # waits for all of it

    def run(self, times):
        return {"samples": timed(times, self.step)}

    def memory(self):
        return {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


peer = Peer()
serve({name: getattr(peer, name) for name in ("versions", "load", "prepare", "run", "memory")})
