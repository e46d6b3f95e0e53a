"""transformers' model over the files of a list, one after the other, by the small model of the package."""

import json
import sys
import tempfile
from pathlib import Path

from serve import torch

from PIL import Image
from transformers import BitForImageClassification, BitImageProcessor

Image.MAX_IMAGE_PIXELS = None
source = Path(__file__).parents[2] / "models" / "bit-mini-scenes"
model = BitForImageClassification.from_pretrained(source, dtype=torch.float32).eval()
processor = BitImageProcessor.from_pretrained(source)
with torch.inference_mode(), tempfile.TemporaryFile("w") as out:
    for path in open(sys.argv[1]).read().split("\n"):
        try:
            pixels = processor(Image.open(path).convert("RGB"), return_tensors="pt")["pixel_values"]
        except OSError as error:
            out.write(json.dumps({"path": path, "error": str(error)}) + "\n")
            continue
        best = model(pixels).logits[0].softmax(-1).topk(5)
        rows = zip(best.indices.tolist(), best.values.tolist())
        rows = [{"label": model.config.id2label[i], "score": score} for i, score in rows]
        out.write(json.dumps({"path": path, "predictions": rows}) + "\n")
