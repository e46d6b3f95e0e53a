"""Makes training/: what a plain PyTorch loop makes of transformers' BiT, step by step.

Run it as `python test/reference/make_training.py`; it needs transformers. A folder holds a model as it begins,
cases.json with the losses of each case, and what its weights are at the end. Pixels, labels and the rest come from the
formulas below, which test/training/steps.ts repeats.
"""

import json
import math
from pathlib import Path

import torch
import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from random_parameters import randomise
from safetensors.torch import save_file
from transformers import BitConfig, BitForImageClassification

FOLDER = Path(__file__).parent / "training"
TINY = {"embedding_size": 8, "hidden_sizes": [16, 32], "depths": [1, 2], "num_groups": 4, "num_labels": 3}
STEPS, BATCH, SIDE, LABELS = 20, 8, 24, 3
MOMENTUM = 0.9
SINGLE, MULTI, REGRESSION = "single_label_classification", "multi_label_classification", "regression"
CASES = [
    *({"split": split, "mixup": mixup, "problem": SINGLE} for split in (1, 4) for mixup in (False, True)),
    {"split": 2, "mixup": True, "problem": MULTI},
    {"split": 2, "mixup": True, "problem": REGRESSION, "decay": 1e-2, "rate": 0.02},
]


def pixels(step):
    """Waves that differ from image to image, and some that tell the classes apart."""
    place = torch.arange(BATCH * 3 * SIDE * SIDE, dtype=torch.float64)
    image = torch.div(place, 3 * SIDE * SIDE, rounding_mode="floor")
    values = torch.sin(place * (0.11 + 0.013 * image) + 1.7 * step) + 0.5 * torch.cos(place * 0.37 * (classes(step)[image.long()] + 1))
    return values.float().reshape(BATCH, 3, SIDE, SIDE)


def classes(step):
    return (torch.arange(BATCH) * 2 + step) % LABELS


def targets(step, problem):
    if problem == SINGLE:
        return classes(step)
    hot = torch.nn.functional.one_hot(classes(step), LABELS).float()
    return hot if problem == MULTI else hot * 0.5 + 0.1 * torch.arange(LABELS)


def permutation(step, count):
    return (torch.arange(count) * 3 + step) % count if count % 3 else torch.arange(count).flip(0)


def share(step):
    return 0.5 + 0.4 * math.cos(1.3 * step)


def rate(step, highest):
    return highest * min(1, (step + 1) / 5) * (0.1 if step >= 15 else 1)


def loss_of(logits, labels, problem):
    if problem == SINGLE:
        return torch.nn.functional.cross_entropy(logits, labels)
    if problem == MULTI:
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)
    return torch.nn.functional.mse_loss(logits, labels)


def train(folder, case, dtype):
    model = BitForImageClassification.from_pretrained(folder, dtype=dtype).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0, momentum=MOMENTUM, weight_decay=case["decay"])
    losses = []
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = rate(step, case["rate"])
        optimiser.zero_grad()
        total = 0
        parts = zip(pixels(step).to(dtype).chunk(case["split"]), targets(step, case["problem"]).chunk(case["split"]))
        for images, labels in parts:
            if labels.is_floating_point():
                labels = labels.to(dtype)
            if case["mixup"]:
                other, own = permutation(step, len(images)), share(step)
                logits = model(own * images + (1 - own) * images[other]).logits
                loss = own * loss_of(logits, labels, case["problem"])
                loss = loss + (1 - own) * loss_of(logits, labels[other], case["problem"])
            else:
                loss = loss_of(model(images).logits, labels, case["problem"])
            (loss / case["split"]).backward()
            total += loss.item() / case["split"]
        optimiser.step()
        losses.append(total)
    return losses, {name: value.detach().float() for name, value in model.state_dict().items()}


def difference(tensors, others):
    """Largest, over the largest magnitude of each tensor."""
    pairs = ((value, others[name]) for name, value in tensors.items())
    return max(((a - b).abs().max() / b.abs().max().clamp_min(1e-6)).item() for a, b in pairs)


def main():
    torch.set_num_threads(1)
    for layer_type in ("preactivation", "bottleneck"):
        folder = FOLDER / layer_type
        folder.mkdir(parents=True, exist_ok=True)
        config = BitConfig(**TINY, layer_type=layer_type)
        randomise(BitForImageClassification(config), seed=3, norm_scale=0.5).save_pretrained(folder)
        rows = []
        for index, case in enumerate({"decay": 0, "rate": 0.05, **case} for case in CASES):
            losses, weights = train(folder, case, torch.float32)
            exact_losses, exact = train(folder, case, torch.float64)
            rounding = difference(weights, exact)
            worst = max(abs(a - b) / abs(b) for a, b in zip(losses, exact_losses))
            print(layer_type, case, f"{losses[0]:.4f} → {losses[-1]:.4f}, rounding {worst:.1e}, {rounding:.1e}")
            assert worst < 2e-5 and rounding < 5e-5, "the reference itself is not sure"
            save_file(weights, folder / f"after_{index}.safetensors")
            rows.append({**case, "losses": [round(value, 7) for value in losses]})
        text = json.dumps({"transformers": transformers.__version__, "torch": torch.__version__, "cases": rows}, indent=1)
        (folder / "cases.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
