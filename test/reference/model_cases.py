"""The checkpoints of models/ and the runs upon each: a table that make_models.py works through.

A run changes only fields of config.json that leave every parameter's shape alone, so one file of weights serves many.
"""

CLASSIFIER, MODEL, BACKBONE = "BitForImageClassification", "BitModel", "BitBackbone"

SMALL = {"embedding_size": 8, "hidden_sizes": [16, 24, 32, 48], "num_groups": 4, "num_labels": 5}
TINY = {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2], "num_groups": 2, "num_labels": 3}

# All of transformers' ACT2CLS but the two with parameters of their own.
PLAIN_ACTIVATIONS = (
    "gelu gelu_10 gelu_fast gelu_new gelu_python gelu_pytorch_tanh gelu_python_tanh gelu_accurate hardswish laplace "
    "leaky_relu linear mish quick_gelu relu relu2 relu6 sigmoid silu sqrtsoftplus swish tanh"
).split()


def run(name, model_class=CLASSIFIER, pixels=(2, 3, 33, 37), labels=None, hidden=False, description="", **config):
    """One forward pass. `labels`: nested lists, of ints for int64, of floats for float32."""
    return {
        "name": name,
        "model_class": model_class,
        "pixels": list(pixels),
        "labels": labels,
        "hidden": hidden,
        "description": description,
        "config": config,
    }


def geometry():
    """Padding, strides and sizes, for either layer type."""
    sizes = [(1, 1), (7, 9), (17, 23), (32, 32), (50, 21), (64, 65)]
    yield run("hidden_states", hidden=True)
    yield run("model", MODEL, hidden=True)
    yield from (run(f"size_{h}x{w}", MODEL, (1, 3, h, w)) for h, w in sizes)
    yield run("batch_3", pixels=(3, 3, 32, 32))
    for padding, label in [("SAME", "same"), (None, "null")]:
        for dynamic in (False, True):
            name = f"padding_{label}{'_dynamic' if dynamic else ''}"
            config = {"global_padding": padding, "embedding_dynamic_padding": dynamic}
            yield run(name, pixels=(1, 3, 33, 47), hidden=True, **config)
            yield run(f"{name}_17x24", MODEL, (1, 3, 17, 24), **config)
            yield run(f"{name}_64x64", MODEL, (1, 3, 64, 64), **config)
    yield run("padding_same_1x1", pixels=(1, 3, 1, 1), global_padding="SAME", embedding_dynamic_padding=True)
    yield run("padding_same_lower_case", global_padding="same")
    yield run("padding_same_too_small", pixels=(1, 3, 4, 4), global_padding="SAME", description="nothing left to pool")
    yield run("padding_valid", global_padding="VALID", description="the 3x3 shrinks, the shortcut does not: cannot run")
    for stride in (1, 4, 8, 16, 64):
        yield run(f"stride_{stride}", MODEL, (1, 3, 47, 53), hidden=stride == 8, output_stride=stride)
        same = {"global_padding": "SAME", "embedding_dynamic_padding": True}
        yield run(f"stride_{stride}_same", MODEL, (1, 3, 47, 53), output_stride=stride, **same)
    yield from (run(f"groups_{groups}", MODEL, num_groups=groups) for groups in (1, 2, 8))
    yield run("wrong_channels", pixels=(1, 4, 33, 33), description="four channels for a model of three")
    yield run("groups_3", num_groups=3, description="3 groups do not divide 8 channels")


def features():
    """The backbone's choices."""
    yield run("backbone", BACKBONE)
    yield run("backbone_hidden", BACKBONE, hidden=True, out_features=["stage2"])
    for name, features in {
        "stem": ["stem"],
        "some": ["stem", "stage2", "stage4"],
        "all": ["stem", "stage1", "stage2", "stage3", "stage4"],
        "none": [],
    }.items():
        yield run(f"features_{name}", BACKBONE, out_features=features)
    for name, indices in {"negative": [0, -2], "last": [-1], "middle": [1, 3]}.items():
        yield run(f"indices_{name}", BACKBONE, out_indices=indices)
    yield run("both", BACKBONE, out_features=["stage1", "stage3"], out_indices=[1, 3])


def losses():
    """With five labels; one label has a checkpoint of its own."""
    several = [[1.0, 0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0, 0.25]]
    yield run("loss_single", labels=[4, 1])
    yield run("loss_single_named", labels=[0, 3], problem_type="single_label_classification")
    yield run("loss_single_ignored", pixels=(3, 3, 32, 32), labels=[2, -100, 0])
    yield run("loss_multi", labels=several)
    yield run("loss_multi_named", labels=several, problem_type="multi_label_classification")
    yield run("loss_regression", labels=several, problem_type="regression")


def activations():
    yield from (run(name, pixels=(1, 3, 33, 37), hidden_act=name) for name in PLAIN_ACTIVATIONS)


def checkpoint(description, config, runs, model_class=CLASSIFIER, norm_scale=1):
    """`norm_scale` multiplies all norms' weights, to reach where an activation is clipped."""
    common = {"model_class": model_class, "norm_scale": norm_scale}
    return {"description": description, "config": config, "runs": list(runs), **common}


ONE_SIZE = [run("default", pixels=(1, 3, 33, 47), hidden=True), run("small", MODEL, (1, 3, 17, 23))]
WIDE = [*ONE_SIZE, run("backbone", BACKBONE, (1, 3, 17, 23), out_indices=[0, 1, 2])]


def one_label():
    yield run("default")
    yield run("loss", labels=[0.5, -2.0])
    yield run("loss_column", labels=[[0.5], [-2.0]])
    yield run("loss_integers", labels=[1, 3])
    yield run("loss_multi", labels=[[1.0], [0.0]], problem_type="multi_label_classification")


CHECKPOINTS = {
    "preactivation": checkpoint(
        "BiT proper: padding, sizes, strides, groups, losses, features",
        {**SMALL, "depths": [2, 1, 3, 1], "drop_path_rate": 0.1},
        [run("default"), *geometry(), *features(), *losses()],
    ),
    "bottleneck": checkpoint(
        "the hybrids' block: padding, sizes, strides, groups, features",
        {**SMALL, "layer_type": "bottleneck", "depths": [1, 2, 1, 3]},
        [run("default"), *geometry(), *features()],
    ),
    "hybrid": checkpoint(
        "as in DPT-hybrid: three depths of four hidden sizes, SAME padding, dynamic in the stem, saved as a backbone",
        {
            **SMALL,
            "depths": [1, 2, 1],
            "layer_type": "bottleneck",
            "global_padding": "same",
            "embedding_dynamic_padding": True,
            "out_features": ["stage1", "stage2", "stage3"],
        },
        [run("default", BACKBONE), run("last", BACKBONE, out_features=["stage3"]), run("model", MODEL)],
        BACKBONE,
    ),
    "activations": checkpoint("every hidden_act without parameters", TINY, activations()),
    "activations_bottleneck": checkpoint(
        "the same in the other block", {**TINY, "layer_type": "bottleneck"}, activations()
    ),
    "channels_1": checkpoint(
        "grey images",
        {**TINY, "num_channels": 1},
        [run("default", pixels=(2, 1, 33, 47)), run("model", MODEL, (1, 1, 7, 9))],
    ),
    "channels_4": checkpoint("four channels", {**TINY, "num_channels": 4}, [run("default", pixels=(2, 4, 33, 47))]),
    "one_label": checkpoint("one label: regression unless told otherwise", {**TINY, "num_labels": 1}, one_label()),
    "no_labels": checkpoint("no head: logits are the pooled features", {**TINY, "num_labels": 0}, [run("default")]),
    "prelu": checkpoint("an activation with a parameter", {**TINY, "hidden_act": "prelu"}, ONE_SIZE),
    "prelu_bottleneck": checkpoint(
        "the same in the other block", {**TINY, "hidden_act": "prelu", "layer_type": "bottleneck"}, ONE_SIZE
    ),
    "xielu": checkpoint("parameters and buffers in bfloat16", {**TINY, "hidden_act": "xielu"}, ONE_SIZE),
    "xielu_bottleneck": checkpoint(
        "the same in the other block", {**TINY, "hidden_act": "xielu", "layer_type": "bottleneck"}, ONE_SIZE
    ),
    "gelu_10": checkpoint(
        "norms so strong that gelu_10 clips", {**TINY, "hidden_act": "gelu_10"}, ONE_SIZE, norm_scale=4
    ),
    "width_2": checkpoint("width_factor 2", {**TINY, "hidden_sizes": [8, 12], "width_factor": 2}, WIDE),
    "width_3": checkpoint("width_factor 3", {**TINY, "hidden_sizes": [8, 12], "width_factor": 3}, WIDE),
    "width_2_bottleneck": checkpoint(
        "width_factor 2 in the other block",
        {**TINY, "hidden_sizes": [8, 12], "width_factor": 2, "layer_type": "bottleneck"},
        WIDE,
    ),
    "uneven": checkpoint(
        "hidden sizes that are no multiples of eight", {**TINY, "hidden_sizes": [11, 19, 37], "depths": [1, 1, 1]}, WIDE
    ),
    "base": checkpoint(
        "saved as BitModel: the classifier finds no head in it",
        TINY,
        [run("default", MODEL, hidden=True), run("classifier", CLASSIFIER), run("backbone", BACKBONE)],
        MODEL,
    ),
}
