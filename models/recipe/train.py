"""Trains the small BiT of models/bit-mini-scenes from scratch on rendered scenes.

The defaults are the recipe. Needs torch, torchvision, transformers and Pillow:

    node models/recipe/render.js --split train --per-class 1250 --out pictures/train
    node models/recipe/render.js --split validation --per-class 40 --out pictures/validation
    python models/recipe/train.py --pictures pictures --out models/bit-mini-scenes
"""

import argparse
import math
import time
from pathlib import Path

import torch
from evaluate import accuracy_by_class, folder_pictures, predict
from torch.nn.functional import cross_entropy
from transformers import BitConfig, BitForImageClassification, BitImageProcessor

# A ninth of the resized side is free for random crops, as in common 224-of-256 recipes.
RESIZED_SIDE = 108
INPUT_SIDE = 96
# BiT's own normalisation: pixels from -1 to 1.
MEAN = STD = [0.5, 0.5, 0.5]
# Norms and biases are left out of weight decay.
DECAYED_DIMENSIONS = 2


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--pictures", type=Path, required=True, help="folder with train/ and validation/")
    parser.add_argument("--out", type=Path, required=True, help="where the model directory is written")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=2e-3)
    parser.add_argument("--warmup-steps", type=int, default=300)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--label-smoothing", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def build_model(names):
    config = BitConfig(
        layer_type="preactivation",
        embedding_size=32,
        hidden_sizes=[64, 128, 256, 448],
        depths=[2, 2, 2, 2],
        num_groups=8,
        id2label=dict(enumerate(names)),
        label2id={name: index for index, name in enumerate(names)},
    )
    return BitForImageClassification(config)


def build_processor():
    return BitImageProcessor(
        size={"shortest_edge": RESIZED_SIDE},
        crop_size={"height": INPUT_SIDE, "width": INPUT_SIDE},
        image_mean=MEAN,
        image_std=STD,
    )


def load_resized(processor, folder, names):
    """All pictures of a folder, resized by the saved processor itself but not yet cropped: uint8."""
    pixels, labels = [], []
    keep_bytes = {"do_center_crop": False, "do_rescale": False, "do_normalize": False}
    for image, label in folder_pictures(folder, names):
        pixels.append(processor(image, return_tensors="pt", **keep_bytes)["pixel_values"][0])
        labels.append(label)
    return torch.stack(pixels), torch.tensor(labels)


def augment(pixels, generator):
    """uint8 [N, 3, RESIZED_SIDE, RESIZED_SIDE] to normalised float [N, 3, INPUT_SIDE, INPUT_SIDE]."""
    count = len(pixels)

    def draw(low, high):
        return low + (high - low) * torch.rand(count, 1, 1, 1, generator=generator)

    room = RESIZED_SIDE - INPUT_SIDE + 1
    corners = torch.randint(0, room, (count, 2), generator=generator).tolist()
    crops = [one[:, y : y + INPUT_SIDE, x : x + INPUT_SIDE] for one, (y, x) in zip(pixels, corners)]
    images = torch.stack(crops).float() / 255
    flipped = torch.rand(count, generator=generator) < 0.5
    images[flipped] = images[flipped].flip(-1)
    grey = images.mean(1, keepdim=True)
    images = grey + (images - grey) * draw(0.4, 1.5)  # saturation
    level = images.mean((1, 2, 3), keepdim=True)
    images = level + (images - level) * draw(0.7, 1.4) + draw(-0.12, 0.12)  # contrast, brightness
    return (images.clamp(0, 1) - 0.5) / 0.5


def optimizer_for(model, arguments):
    decayed = [p for p in model.parameters() if p.dim() >= DECAYED_DIMENSIONS]
    plain = [p for p in model.parameters() if p.dim() < DECAYED_DIMENSIONS]
    groups = [
        {"params": decayed, "weight_decay": arguments.weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=arguments.learning_rate)


def rate_at(step, steps, warmup):
    """Linear warm-up, then half a cosine down to zero, as a part of the full learning rate."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def train(model, pixels, labels, arguments):
    generator = torch.Generator().manual_seed(arguments.seed)
    batches = len(pixels) // arguments.batch_size
    steps = arguments.epochs * batches
    optimizer = optimizer_for(model, arguments)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_at(step, steps, arguments.warmup_steps)
    )
    model.train().to(memory_format=torch.channels_last)
    start = time.monotonic()
    for epoch in range(arguments.epochs):
        order = torch.randperm(len(pixels), generator=generator)
        total = 0.0
        for batch in range(batches):
            chosen = order[batch * arguments.batch_size : (batch + 1) * arguments.batch_size]
            images = augment(pixels[chosen], generator).contiguous(memory_format=torch.channels_last)
            logits = model(images).logits
            loss = cross_entropy(logits, labels[chosen], label_smoothing=arguments.label_smoothing)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        minutes = (time.monotonic() - start) / 60
        progress = f"epoch {epoch + 1}/{arguments.epochs}"
        print(f"{progress}: loss {total / batches:.4f}, {minutes:.1f} min", flush=True)


def main():
    arguments = parse_arguments()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    names = sorted(folder.name for folder in (arguments.pictures / "train").iterdir())
    processor = build_processor()
    pixels, labels = load_resized(processor, arguments.pictures / "train", names)
    print(f"{len(labels)} training pictures of {len(names)} classes", flush=True)
    model = build_model(names)
    train(model, pixels, labels, arguments)
    # Stored in half precision: the weights' rounding is part of what is evaluated below.
    model.to(memory_format=torch.contiguous_format).half().save_pretrained(arguments.out)
    processor.save_pretrained(arguments.out)
    truth, guesses = predict(arguments.out, arguments.pictures / "validation")
    print(f"validation accuracy {accuracy_by_class(truth, guesses, names)['accuracy']:.4f}")


if __name__ == "__main__":
    main()
