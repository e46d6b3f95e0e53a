"""Measures by transformers what accuracy.json states by our own evaluate(), and compares the two.

Everything goes through transformers as a user would call it: the saved BitImageProcessor, and the
saved weights loaded in float32. Needs torch, torchvision, transformers and Pillow:

    node models/recipe/render.js --split test --per-class 100 --out pictures/test
    python models/recipe/evaluate.py models/bit-mini-scenes pictures/test
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from PIL import Image
from transformers import BitForImageClassification, BitImageProcessor

BATCH_SIZE = 64
SUFFIXES = {".png", ".jpeg"}


def picture_files(folder):
    """The pictures of one class, which are named by their seeds, in ascending order of seed."""
    files = [file for file in folder.iterdir() if file.suffix in SUFFIXES]
    return sorted(files, key=lambda file: int(file.stem))


def folder_pictures(folder, names):
    """Yields (RGB image, label id) of the pictures `folder/<class name>/<seed>`, seeds ascending."""
    for label, name in enumerate(names):
        for file in picture_files(folder / name):
            with Image.open(file) as image:
                yield image.convert("RGB"), label


@torch.inference_mode()
def predict(directory, folder):
    """Label ids, true and predicted, of every picture in the folder."""
    processor = BitImageProcessor.from_pretrained(directory)
    model = BitForImageClassification.from_pretrained(directory, dtype=torch.float32).eval()
    names = [model.config.id2label[index] for index in range(model.config.num_labels)]
    images, truth = zip(*folder_pictures(folder, names))
    guesses = []
    for start in range(0, len(images), BATCH_SIZE):
        inputs = processor(list(images[start : start + BATCH_SIZE]), return_tensors="pt")
        guesses += model(**inputs).logits.argmax(-1).tolist()
    return list(truth), guesses


def accuracy_by_class(truth, guesses, names):
    """Overall and per-class accuracy, and the mistakes as {"true as guessed": count}."""
    right = {name: [0, 0] for name in names}
    mistakes = {}
    for label, guess in zip(truth, guesses):
        right[names[label]][0] += label == guess
        right[names[label]][1] += 1
        if label != guess:
            pair = f"{names[label]} as {names[guess]}"
            mistakes[pair] = mistakes.get(pair, 0) + 1
    return {
        "accuracy": sum(hits for hits, _ in right.values()) / len(truth),
        "pictures": len(truth),
        "perClass": {name: hits / count for name, (hits, count) in right.items()},
        "mistakes": dict(sorted(mistakes.items(), key=lambda item: (-item[1], item[0]))),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path, help="a model's directory, accuracy.json included")
    parser.add_argument("pictures", type=Path, help="those that it was measured on, a folder per class")
    arguments = parser.parse_args()
    config = json.loads((arguments.model / "config.json").read_text())
    names = [config["id2label"][str(index)] for index in range(len(config["id2label"]))]
    stated = json.loads((arguments.model / "accuracy.json").read_text())
    measured = accuracy_by_class(*predict(arguments.model, arguments.pictures), names)
    print(json.dumps(measured, indent=2))
    different = [key for key, value in measured.items() if value != stated[key]]
    if different:
        sys.exit(f"accuracy.json states other values of {', '.join(different)}")
    print("as accuracy.json states")


if __name__ == "__main__":
    main()
