"""A process that loads a checkpoint, asks for logits once and prints the megabytes that it took at most."""

import resource
import sys

from serve import pixels

import torch
import transformers
from transformers import BitForImageClassification

transformers.utils.logging.disable_progress_bar()
model = BitForImageClassification.from_pretrained(sys.argv[1])
with torch.inference_mode():
    model(pixels(1, 224))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
