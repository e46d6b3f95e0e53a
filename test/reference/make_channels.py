"""Makes channels.json: what transformers' BitImageProcessor makes of arrays with other channels than three.

Run it as `python test/reference/make_channels.py`; it needs what make_images.py needs, whose generator fills the arrays.
"""

import itertools
import json
from pathlib import Path

import torch
import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from make_images import raw_pixels, sha256
from transformers import BitImageProcessor

WIDTH, HEIGHT = 37, 29
VALUES = [0.25, 0.5, 0.75, 0.625]


def main():
    torch.set_num_threads(1)
    rows = []
    for channels, convert, one_deviation in itertools.product((2, 4), (True, False), (True, False)):
        settings = {
            "size": {"shortest_edge": 20},
            "crop_size": {"height": 18, "width": 18},
            "do_convert_rgb": convert,
            "image_mean": VALUES[:channels],
            "image_std": [0.5] if one_deviation else VALUES[:channels],
        }
        pixels = raw_pixels(WIDTH, HEIGHT, channels, channels)
        values = BitImageProcessor(**settings)(pixels, input_data_format="channels_last", return_tensors="np")
        values = values["pixel_values"]
        assert values.shape == (1, channels, 18, 18)
        rows.append({"channels": channels, "seed": channels, "settings": settings, "sha256": sha256(values)})
    head = {"transformers": transformers.__version__, "width": WIDTH, "height": HEIGHT}
    (Path(__file__).parent / "channels.json").write_text(json.dumps({**head, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
