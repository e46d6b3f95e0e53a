"""Steps of training by PyTorch. Argument: eager, channels-last or compile, and -float32 or -bfloat16 (autocast)."""

import resource
import sys

from serve import pixels, serve, timed

import torch
import transformers
from transformers import BitForImageClassification

KIND, _, DTYPE = sys.argv[1].rpartition("-")
RATE = 0.003

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


class Peer:
    def versions(self):
        return {"torch": torch.__version__, "transformers": transformers.__version__}

    def load(self, folder):
        self.model = BitForImageClassification.from_pretrained(folder).train()
        if KIND != "eager":
            self.model = self.model.to(memory_format=torch.channels_last)
        self.forward = torch.compile(self.model, dynamic=False) if KIND == "compile" else self.model
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=RATE, momentum=0.9)

    def prepare(self, batch, size):
        self.input = pixels(batch, size)
        if KIND != "eager":
            self.input = self.input.contiguous(memory_format=torch.channels_last)
        self.labels = torch.arange(batch)
        return {"losses": [self.step() for _ in range(3)]}

    def step(self):
        with torch.autocast("cpu", torch.bfloat16, enabled=DTYPE == "bfloat16"):
            logits = self.forward(self.input).logits
        loss = torch.nn.functional.cross_entropy(logits.float(), self.labels)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.item()

    def run(self, times):
        return {"samples": timed(times, self.step)}

    def memory(self):
        return {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


peer = Peer()
serve({name: getattr(peer, name) for name in ("versions", "load", "prepare", "run", "memory")})
