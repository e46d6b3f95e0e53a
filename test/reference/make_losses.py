"""Makes losses.json: what transformers' BiT makes of labels of every kind, shape and type.

Run it as `python test/reference/make_losses.py`; it needs transformers. The models are two of models/; pixels and labels
come from the formulas below, which test/models/losses.test.ts repeats.
"""

import itertools
import json
from pathlib import Path

import torch
import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from transformers import BitConfig, BitForImageClassification

FOLDER = Path(__file__).parent
MODELS = {1: "one_label", 3: "sharded"}
PROBLEMS = (None, "regression", "single_label_classification", "multi_label_classification")
TYPES = ("float32", "float16", "bfloat16", "uint8", "int64")
IMAGES = (1, 2, 3)
SIDE = 8


def pixels(images):
    values = (torch.arange(images * 3 * SIDE * SIDE) * 7 % 23) / 8 - 1
    return values.reshape(images, 3, SIDE, SIDE)


def labels(shape, dtype, labels_of_model):
    """Classes that exist (numbers below four for one label), or eighths, which all types hold exactly."""
    place = torch.arange(torch.Size(shape).numel())
    classes = labels_of_model if labels_of_model > 1 else 4
    values = (place * 2 + 1) % classes if dtype in ("uint8", "int64") else (place * 3 + 1) % 9 / 8
    return values.reshape(shape).to(getattr(torch, dtype))


def shapes(images, width):
    """Every one that broadcasts in some way, and some that do not."""
    sides = sorted({1, images, width, images * width, images + 1})
    lists = itertools.chain([()], *(itertools.product(sides, repeat=rank) for rank in (1, 2)))
    return [*lists, (images, width, 1), (images, 1, 1), (1, images, width)]


@torch.no_grad()
def loss(model, images, given, problem):
    # transformers writes what it infers into the config, and would hold on to it.
    model.config.problem_type = problem
    try:
        return model(pixels(images), labels=given).loss
    except (RuntimeError, ValueError, IndexError):
        return None


def main():
    torch.set_num_threads(1)
    rows = []
    for width, name in MODELS.items():
        folder = FOLDER / "models" / name
        model = BitForImageClassification.from_pretrained(folder, dtype=torch.float32).eval()
        assert model.config.num_labels == width, name
        for images, problem, dtype in itertools.product(IMAGES, PROBLEMS, TYPES):
            if problem == "single_label_classification" and width == 1:
                continue  # BitConfig itself refuses it
            answers = {}
            for shape in shapes(images, width):
                value = loss(model, images, labels(shape, dtype, width), problem)
                if value is not None:
                    assert value.shape == () and torch.isfinite(value), (shape, value)
                    answers["x".join(map(str, shape))] = round(value.item(), 7)
            row = {"model": name, "images": images, "problem_type": problem, "dtype": dtype}
            rows.append({**row, "shapes": [list(shape) for shape in shapes(images, width)], "losses": answers})
    lines = ",\n".join(json.dumps(row) for row in rows)
    (FOLDER / "losses.json").write_text(f'{{"transformers": "{transformers.__version__}", "rows": [\n{lines}\n]}}\n')
    print(f"{len(rows)} rows, {sum(len(row['losses']) for row in rows)} losses")


if __name__ == "__main__":
    main()
