"""Holds plain_bit.py against transformers: the same logits from the same file. Arguments: the folder, then sizes as
HEIGHTxWIDTH. Prints the largest difference as a fraction of the largest logit.
"""

import sys

import serve  # noqa: F401  (before transformers)
from plain_bit import load_plain_bit

import torch
import transformers
from transformers import BitForImageClassification

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.set_grad_enabled(False)
folder, *sizes = sys.argv[1:]
theirs = BitForImageClassification.from_pretrained(folder).eval()
ours = load_plain_bit(folder)
largest = 0.0
for size in sizes:
    height, width = map(int, size.split("x"))
    x = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(height))
    expected = theirs(x).logits
    found = (ours(x) - expected).abs().max() / expected.abs().max()
    # A maximum of Python's would lose a NaN.
    largest = torch.maximum(torch.tensor(largest), found).item()
print(largest)
