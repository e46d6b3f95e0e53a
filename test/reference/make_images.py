"""Makes images/: picture files, and expected.json with what transformers' BitImageProcessor makes of them.

Run it as `python test/reference/make_images.py`; it needs transformers, torchvision, Pillow and scikit-image. Pictures
are read as transformers' pipelines read them (`load_image`: Pillow, EXIF orientation applied, `convert("RGB")`).
Layout of expected.json: images/README.md.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision_cpu
import transformers
from image_settings import PER_PICTURE, PER_RAW, RAW, SETTINGS
from pictures import write_pictures
from PIL import Image
from transformers import BitImageProcessor
from transformers.image_utils import load_image

FOLDER = Path(__file__).parent / "images"


def sha256(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def sampled(values):
    """Eight values at fixed flat positions, to see how far off a wrong result is: floor(k * (n - 1) / 7)."""
    flat = values.reshape(-1)
    return [flat[k * (flat.size - 1) // 7].item() for k in range(8)] if flat.size else []


def failure(error):
    """An error's name and the beginning of its message, before any values."""
    return {"error": type(error).__name__, "message": str(error).split("(")[0].strip()}


def processed(image, setting):
    """What the processor makes of a PIL image: shape, dtype, hash and samples, or the error."""
    try:
        processor = BitImageProcessor(**SETTINGS[setting])
        channels = len(image.getbands())
        hint = {"input_data_format": "channels_first"} if channels not in (1, 3) else {}
        values = processor(image, return_tensors="np", **hint)["pixel_values"]
    except Exception as error:
        return failure(error)
    assert values.dtype in (np.float32, np.uint8), values.dtype
    return {
        "shape": list(values.shape),
        "dtype": str(values.dtype),
        "sha256": sha256(values),
        "samples": sampled(values),
    }


def picture(name):
    try:
        image = load_image(str(FOLDER / name))
    except OSError as error:
        return None, failure(error)
    pixels = np.asarray(image)
    mode = Image.open(FOLDER / name).mode
    facts = {"width": image.width, "height": image.height, "pillow_mode": mode, "sha256": sha256(pixels)}
    return image, {**facts, "samples": sampled(pixels)}


def raw_pixels(width, height, channels, seed):
    """Bytes of a linear congruential generator (that of Numerical Recipes): the upper eight bits of each state."""
    state, values = seed, bytearray()
    for _ in range(width * height * channels):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state >> 24)
    return np.frombuffer(bytes(values), np.uint8).reshape(height, width, channels)


def raw_image(pixels):
    """Grey for one channel, RGB for three, RGBA for four."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def made_with():
    modules = (transformers, torch, torchvision_cpu.torchvision, PIL)
    versions = {module.__name__: module.__version__.split("+")[0] for module in modules}
    return {**versions, "cpu_capability": torch.backends.cpu.get_cpu_capability()}


def main():
    torch.set_num_threads(1)
    FOLDER.mkdir(exist_ok=True)
    pictures, cases = {}, []
    for name in write_pictures(FOLDER):
        image, pictures[name] = picture(name)
        if image is None:
            continue
        for setting in PER_PICTURE.get(name, ["defaults"]):
            cases.append({"picture": name, "setting": setting, **processed(image, setting)})
    raw = []
    for seed, (width, height, channels) in enumerate(RAW, start=1):
        pixels = raw_pixels(width, height, channels, seed)
        facts = {"width": width, "height": height, "channels": channels, "seed": seed, "sha256": sha256(pixels)}
        image = raw_image(pixels)
        settings = PER_RAW if channels == 3 else ["defaults"]
        if channels != 3:
            settings = [*settings, f"kept_{channels}"]
        else:
            image = image.convert("RGB")
        kept = [{"setting": s, **processed(image if "kept" in s else image.convert("RGB"), s)} for s in settings]
        raw.append({**facts, "cases": kept})
    expected = {"made_with": made_with(), "settings": SETTINGS, "pictures": pictures, "cases": cases, "raw": raw}
    (FOLDER / "expected.json").write_text(as_json(expected))
    errors = sum("error" in case for case in cases)
    print(f"{len(pictures)} pictures, {len(cases)} cases ({errors} of them errors), {len(raw)} raw images")


def as_json(expected):
    """One line for each entry of the lists and tables within, so that changes are readable."""

    def lines(value):
        dump = lambda part: json.dumps(part, allow_nan=False)  # noqa: E731
        if isinstance(value, dict) and value and all(isinstance(part, dict) for part in value.values()):
            return "{\n" + ",\n".join(f"    {dump(key)}: {dump(part)}" for key, part in value.items()) + "\n  }"
        if isinstance(value, list):
            return "[\n" + ",\n".join(f"    {dump(part)}" for part in value) + "\n  ]"
        return dump(value)

    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {lines(value)}" for key, value in expected.items()) + "\n}\n"


if __name__ == "__main__":
    main()
