"""Makes explanations.json and explanations/: class activation maps of transformers' BiT, and pictures of them.

Run it as `python test/reference/make_explanations.py`; it needs transformers, torchvision and Pillow. A map is the head's
row for a class times the last map, by einsum; the pictures are PyTorch's grid_sample of it in red and blue over the
picture, in grey by Pillow's mode L. Models are those of models/, pictures those of images/.
"""

import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as functional
import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from PIL import Image
from torchvision.transforms.v2 import functional as transforms
from transformers import BitForImageClassification, BitImageProcessor
from transformers.image_utils import load_image

FOLDER = Path(__file__).parent
RED, BLUE = (178, 24, 43), (33, 102, 172)
UNSEEN = 0.5

CROPPED = {"size": {"shortest_edge": 80}, "crop_size": {"height": 64, "width": 72}}
PADDED = {"size": {"shortest_edge": 40}, "crop_size": {"height": 96, "width": 67}}
UNCROPPED = {"size": {"height": 70, "width": 50}, "do_center_crop": False}
AS_IT_IS = {"do_resize": False, "crop_size": {"height": 48, "width": 48}}

# Name: the model, the picture, the processor's settings, and how the picture is painted.
CASES = {
    "cropped": ("sharded", "baseline_420.jpg", CROPPED, {"max_side": 90}),
    "as_seen": ("sharded", "baseline_420.jpg", CROPPED, {"on": "input"}),
    "colours": ("sharded", "exif_6.jpg", CROPPED, {"grey": False, "opacity": 0.9}),
    "padded": ("bottleneck", "exif_8.webp", PADDED, {}),
    "padded_as_seen": ("bottleneck", "exif_8.webp", PADDED, {"on": "input", "grey": False}),
    "uncropped": ("preactivation", "palette.png", UNCROPPED, {"target": 2}),
    "not_against": ("sharded", "lossy.webp", UNCROPPED, {"against": False, "target": 1}),
    "not_resized": ("float16", "baseline_444.jpg", AS_IT_IS, {}),
    "smaller": ("sharded", "progressive_420.jpg", CROPPED, {"max_side": 40, "target": 2}),
    "one_label": ("one_label", "grey.jpg", CROPPED, {"target": 0}),
}


def span(side, crop):
    """Where a picture's edges lie on the input, of which they are a share."""
    start = -((side - crop) // 2) if side > crop else (crop - side) // 2
    return start / crop, (start + side) / crop


def placed(image, processor):
    """The spans of a picture, from the size that transformers itself gives it."""
    if not processor.do_center_crop:
        return (0, 1), (0, 1)
    plain = {"do_center_crop": False, "do_rescale": False, "do_normalize": False, "return_tensors": "pt"}
    height, width = processor(image, **plain)["pixel_values"].shape[-2:]
    return span(height, processor.crop_size["height"]), span(width, processor.crop_size["width"])


def sampled(cells, height, width, spans):
    """The map at each pixel, and whether it was seen."""
    rows, columns = (start + (torch.arange(n) + 0.5) / n * (end - start) for n, (start, end) in zip((height, width), spans))
    y, x = torch.meshgrid(rows.double(), columns.double(), indexing="ij")
    grid = torch.stack([2 * x - 1, 2 * y - 1], -1)[None]
    values = functional.grid_sample(cells[None, None].double(), grid, "bilinear", "border", align_corners=False)
    return values[0, 0].numpy(), ((0 <= y) & (y <= 1) & (0 <= x) & (x <= 1)).numpy()


def painted(pixels, cells, largest, spans, grey=True, opacity=0.6, against=True):
    """An RGB picture of uint8 pixels [h, w, 3]."""
    height, width = pixels.shape[:2]
    values, seen = sampled(cells, height, width, spans)
    if grey:
        pixels = np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))
    values = np.where(seen & (against | (values > 0)), values, 0)[..., None]
    share = opacity * np.abs(values) / largest
    colour = np.where(values > 0, RED, BLUE)
    shown = np.where(seen[..., None], pixels, UNSEEN * pixels)
    return np.floor(shown * (1 - share) + colour * share + 0.5).astype(np.uint8)


@torch.no_grad()
def explained(name):
    directory, file, settings, painting = CASES[name]
    model = BitForImageClassification.from_pretrained(FOLDER / "models" / directory, dtype=torch.float32).eval()
    processor = BitImageProcessor(**settings)
    image = load_image(str(FOLDER / "images" / file))
    values = processor(image, return_tensors="pt")["pixel_values"]
    last = model.bit(values).last_hidden_state[0]
    weight, bias = model.classifier[1].weight, model.classifier[1].bias
    maps = torch.einsum("kc,chw->khw", weight.double(), last.double())
    logits = model(values).logits[0]
    painting = dict(painting)
    target = painting.pop("target", int(logits.argmax()))
    cells = maps[target]
    pixels, spans = np.asarray(image), placed(image, processor)
    if painting.pop("on", "original") == "input":
        plain = processor(image, do_rescale=False, do_normalize=False, return_tensors="np")["pixel_values"]
        pixels, spans = plain[0].transpose(1, 2, 0), ((0, 1), (0, 1))
    most = painting.pop("max_side", max(pixels.shape[:2]))
    if most < max(pixels.shape[:2]):
        size = [max(1, round(side * most / max(pixels.shape[:2]))) for side in pixels.shape[:2]]
        tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
        resized = transforms.resize(tensor, size, transforms.InterpolationMode.BICUBIC, antialias=True)
        pixels = resized.permute(1, 2, 0).numpy()
    picture = painted(np.ascontiguousarray(pixels), cells, cells.abs().max().item(), spans, **painting)
    Image.fromarray(picture).save(FOLDER / "explanations" / f"{name}.png", optimize=True)
    return {
        "model": directory,
        "picture": file,
        "processor": settings,
        "options": CASES[name][3],
        "target": target,
        "maps": maps.tolist(),
        "logits": logits.tolist(),
        "bias": bias.tolist(),
    }


def main():
    torch.set_num_threads(1)
    (FOLDER / "explanations").mkdir(exist_ok=True)
    cases = {name: explained(name) for name in CASES}
    text = json.dumps({"transformers": transformers.__version__, "cases": cases})
    (FOLDER / "explanations.json").write_text(text.replace(', "', ',\n"') + "\n")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
