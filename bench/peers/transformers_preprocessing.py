"""transformers' BitImageProcessor, the fast one on torchvision, on files read by Pillow."""

from serve import serve, timed

import PIL
import torch
import torchvision
import transformers
from PIL import Image
from transformers import BitImageProcessor


class Peer:
    def versions(self):
        return {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "torchvision": torchvision.__version__,
            "pillow": PIL.__version__,
        }

    def prepare(self, files, settings):
        self.processor = BitImageProcessor(**settings)
        self.files = files
        return {"values": self.preprocess()[0].flatten().tolist()}

    def preprocess(self):
        images = [Image.open(file).convert("RGB") for file in self.files]
        return self.processor(images, return_tensors="pt")["pixel_values"]

    def run(self, times):
        return {"samples": timed(times, self.preprocess)}


peer = Peer()
serve({name: getattr(peer, name) for name in ("versions", "prepare", "run")})
