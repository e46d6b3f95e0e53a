"""Makes a full-size random BiT and what transformers computes with it, in a folder laid out like those of models/.

Run it as `python test/reference/family.py FOLDER CASE`, CASE being one of those below. The result is hundreds of
megabytes, is not committed, and serves the slow comparison of whole networks.
"""

import argparse
from pathlib import Path

import torch
import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from make_models import write_case
from model_cases import BACKBONE, CLASSIFIER, MODEL, run
from random_parameters import randomise, season
from transformers import BitConfig


def widened(depths, width, labels):
    """A BiT of the paper (its table of architectures): widths 64 and 256 to 2048, times `width`."""
    sizes = [width * size for size in (256, 512, 1024, 2048)]
    return {"depths": depths, "embedding_size": 64 * width, "hidden_sizes": sizes, "num_labels": labels}


# The backbone of the ViT and DPT hybrids, as transformers' DPTConfig sets it up.
HYBRID = {
    "layer_type": "bottleneck",
    "depths": [3, 4, 9],
    "out_features": ["stage3"],
    "global_padding": "same",
    "embedding_dynamic_padding": True,
    "num_groups": 32,
}

R50X1 = widened([3, 4, 6, 3], 1, 1000)
R101X1 = widened([3, 4, 23, 3], 1, 1000)
R50X3 = widened([3, 4, 6, 3], 3, 1000)
SIZES = [(224, 224), (97, 131), (33, 33), (257, 193)]


def random(model):
    return randomise(model, seed=1, branch_scale=0.2)


def fresh(model):
    """As transformers begins to train it. Such a network magnifies every rounding, the more the deeper it is."""
    return model.eval()


def seasoned(model):
    return season(model, seed=3)


def once(model_class, pixels):
    yield run("default", model_class, pixels)
    if model_class == CLASSIFIER:
        yield run("model", MODEL, pixels)
        yield run("padding_same", model_class, pixels, global_padding="SAME", embedding_dynamic_padding=True)
    else:
        yield run("all", model_class, pixels, out_features=["stem", "stage1", "stage2", "stage3"])


def all_maps():
    """Every hidden state and feature map at every size."""
    stages = ["stem", "stage1", "stage2", "stage3", "stage4"]
    for height, width in SIZES:
        pixels = (1, 3, height, width)
        yield run(f"hidden_states_{height}x{width}", CLASSIFIER, pixels, hidden=True)
        yield run(f"feature_maps_{height}x{width}", BACKBONE, pixels, out_features=stages)


# Of each: the class, its configuration, its weights and what is run.
CASES = {
    "r50x1_224": (CLASSIFIER, R50X1, random, once(CLASSIFIER, (2, 3, 224, 224))),
    "r50x3_224": (CLASSIFIER, R50X3, random, once(CLASSIFIER, (1, 3, 224, 224))),
    "r101x1_448": (CLASSIFIER, {**R101X1, "num_labels": 21843}, random, once(CLASSIFIER, (1, 3, 448, 448))),
    "hybrid_384": (BACKBONE, HYBRID, random, once(BACKBONE, (1, 3, 384, 384))),
    "r50x1_fresh": (CLASSIFIER, R50X1, fresh, all_maps()),
    "r50x1_seasoned": (CLASSIFIER, R50X1, seasoned, all_maps()),
    "r101x1_fresh": (CLASSIFIER, R101X1, fresh, all_maps()),
    "r101x1_seasoned": (CLASSIFIER, R101X1, seasoned, all_maps()),
    "r50x3_fresh": (CLASSIFIER, R50X3, fresh, all_maps()),
    "r50x3_seasoned": (CLASSIFIER, R50X3, seasoned, all_maps()),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("case", choices=CASES)
    arguments = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    model_class, config, weights, runs = CASES[arguments.case]
    arguments.folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(5)  # for transformers' own initialisation
    model = weights(getattr(transformers, model_class)(BitConfig(**config)))
    model.save_pretrained(arguments.folder, max_shard_size="500MB")
    del model
    write_case(arguments.folder, arguments.case, f"{model_class}, full size", runs, magnifies=weights is fresh)


if __name__ == "__main__":
    torch.set_num_threads(2)
    main()
