"""transformers' model over the files of a list, into JSON lines: a DataLoader of as many workers as there are
cores decodes. Prints milliseconds for each image, from when the model is loaded."""

import json
import os
import sys
import tempfile
import time

from serve import torch

from PIL import Image
from torch.utils.data import DataLoader, Dataset
from transformers import BitForImageClassification, BitImageProcessor


class Files(Dataset):
    def __init__(self, paths, processor):
        self.paths, self.processor = paths, processor

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        image = Image.open(self.paths[index]).convert("RGB")
        return self.processor(image, return_tensors="pt")["pixel_values"][0]


source, paths = sys.argv[1], open(sys.argv[2]).read().split("\n")
model = BitForImageClassification.from_pretrained(source, dtype=torch.float32).eval()
processor = BitImageProcessor.from_pretrained(source)
start = time.perf_counter()
workers = len(os.sched_getaffinity(0))
loader = DataLoader(Files(paths, processor), batch_size=8, num_workers=workers)
done = 0
with torch.inference_mode(), tempfile.TemporaryFile("w") as out:
    for pixels in loader:
        best = model(pixels).logits.softmax(-1).topk(5)
        for scores, labels in zip(best.values.tolist(), best.indices.tolist()):
            rows = [{"label": model.config.id2label[i], "score": s} for i, s in zip(labels, scores)]
            out.write(json.dumps({"path": paths[done], "predictions": rows}) + "\n")
            done += 1
print(1000 * (time.perf_counter() - start) / done)
