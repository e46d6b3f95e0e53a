"""Makes the checkpoints of models/ whose point is the file: shards, pickles, half precision, odd config.json files.

Called by make_models.py. All of them hold one tiny classifier, in which some change a few values.
"""

import json
from collections import OrderedDict

import torch
from make_models import FOLDER, write_case, write_json
from model_cases import CLASSIFIER, MODEL, TINY, run
from random_parameters import randomise
from safetensors.torch import load_file, save_file
from transformers import BitConfig, BitForImageClassification

PIXELS = (1, 3, 17, 23)
LABELS = {"id2label": {0: "cat", 1: "dog", 2: "bird"}, "label2id": {"cat": 0, "dog": 1, "bird": 2}}
RUNS = [run("default", pixels=PIXELS), run("model", MODEL, PIXELS)]
PICKLE = "pytorch_model.bin"


def classifier():
    return randomise(BitForImageClassification(BitConfig(**TINY, **LABELS)), seed=50)


def started(name):
    """A new folder with config.json of the classifier."""
    folder = FOLDER / name
    folder.mkdir()
    config = classifier().config
    config.architectures, config.dtype = [CLASSIFIER], "float32"
    config.save_pretrained(folder)
    return folder


def views():
    """A state dictionary with every kind of view that torch.save keeps, rather than copies."""
    state = OrderedDict(classifier().state_dict())
    shared = torch.cat([state["bit.norm.weight"], state["bit.norm.bias"], torch.zeros(100)])
    width = state["bit.norm.bias"].numel()
    state["bit.norm.weight"], state["bit.norm.bias"] = shared[:width], shared[width : 2 * width]
    layer = "bit.encoder.stages.0.layers.0"
    state[f"{layer}.norm3.weight"] = state[f"{layer}.norm2.weight"]  # one tensor under two names
    state[f"{layer}.norm2.bias"] = torch.tensor([0.3]).expand(8)  # stride 0
    every_other = torch.arange(16.0) / 16
    state[f"{layer}.norm3.bias"] = every_other[::2]  # stride 2
    for name in [key for key in state if key.endswith("conv2.weight")]:
        state[name] = state[name].to(memory_format=torch.channels_last)
    state["classifier.1.weight"] = state["classifier.1.weight"].t().contiguous().t()
    state["classifier.1.bias"] = torch.nn.Parameter(state["classifier.1.bias"])
    return state


def half_and_double(state):
    """Convolutions in float16 and bfloat16, norms in float64, the head in float32."""
    changed = OrderedDict()
    for name, value in state.items():
        small = torch.bfloat16 if "conv1" in name else torch.float16
        changed[name] = value.to(small) if value.ndim == 4 else value.double() if "norm" in name else value
    return changed


def pickles():
    state = classifier().state_dict()
    yield "bin", "pytorch_model.bin as torch.save writes it", state, {}
    yield "bin_views", "slices, strides, shared storage, a Parameter", views(), {}
    yield "bin_dtypes", "float16, bfloat16, float64 and float32 in one file", half_and_double(state), {}
    yield "bin_legacy", "the format before PyTorch 1.6, not a zip", state, {"_use_new_zipfile_serialization": False}


def make_pickles():
    for name, description, state, options in pickles():
        folder = started(name)
        torch.save(state, folder / PICKLE, **options)
        write_case(folder, name, description, RUNS)
    folder = started("bin_sharded")
    names, total = list(classifier().state_dict().items()), 0
    index = {}
    for shard in range(2):
        file = f"pytorch_model-0000{shard + 1}-of-00002.bin"
        part = {key: value.clone() for key, value in names[shard::2]}
        torch.save(part, folder / file)
        index.update(dict.fromkeys(part, file))
        total += sum(value.nbytes for value in part.values())
    write_json(folder / f"{PICKLE}.index.json", {"metadata": {"total_size": total}, "weight_map": index})
    write_case(folder, "bin_sharded", "two pickles and an index", RUNS)


def make_nested():
    """A training checkpoint around the weights. transformers finds no weights in it: performed on the plain file."""
    folder = started("bin_nested")
    state = classifier().state_dict()
    torch.save(state, folder / PICKLE)
    write_case(folder, "bin_nested", "weights under `state_dict`, other values around (not for transformers)", RUNS)
    around = {"epoch": 3, "lr": 0.1, "names": ["a", "b"], "best": None, "shape": (1, 2), "done": True}
    torch.save({**around, "state_dict": state}, folder / PICKLE)


def make_safetensors():
    folder = FOLDER / "sharded"
    classifier().save_pretrained(folder, max_shard_size="6KB")
    write_case(folder, "sharded", "several safetensors files and an index", RUNS)
    for name, dtype in [("float16", torch.float16), ("bfloat16", torch.bfloat16)]:
        folder = FOLDER / name
        classifier().to(dtype).save_pretrained(folder)
        write_case(folder, name, f"stored as {name}, computed in float32", RUNS)
    folder = started("mixed_dtypes")
    save_file(half_and_double(classifier().state_dict()), folder / "model.safetensors", {"format": "pt"})
    write_case(folder, "mixed_dtypes", "float16, bfloat16, float64 and float32 in one file", RUNS)


def edited(name, description, runs, change):
    """The plain checkpoint after `change(config fields, tensors)`."""
    folder = started(name)
    fields = json.loads((folder / "config.json").read_text())
    tensors = dict(classifier().state_dict())
    change(fields, tensors)
    write_json(folder / "config.json", fields)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    write_case(folder, name, description, runs)


def make_edited():
    def old(fields, tensors):
        for key in ("dtype", "out_indices"):
            fields.pop(key)
        fields.update(torch_dtype="float32", transformers_version="4.26.0.dev0", initializer_range=0.02)
        fields.update(gradient_checkpointing=False, my_own={"kept": [1, 2.5, None]})

    def incomplete(fields, tensors):
        del tensors["classifier.1.bias"], tensors["classifier.1.weight"]
        tensors["extra.weight"] = torch.ones(2, 3)
        tensors["bit.encoder.stages.7.layers.0.conv1.weight"] = torch.ones(1)

    def missing_body(fields, tensors):
        del tensors["bit.norm.weight"]

    def other_head(fields, tensors):
        names = ["a", "b", "c", "d"]
        fields.update(id2label=dict(enumerate(names)), label2id={name: i for i, name in enumerate(names)})

    edited("old_config", "config.json as transformers 4.26 wrote it, and keys that nobody knows", RUNS, old)
    edited("incomplete", "no head, two tensors too many", [RUNS[1], RUNS[0]], incomplete)
    edited("missing_body", "a norm's weight is missing", RUNS[:1], missing_body)
    edited("mismatched_head", "four labels in config.json, three in the file", RUNS[:1], other_head)


def check_same():
    """The formats that store every bit must give the plain pickle's numbers."""
    plain = load_file(FOLDER / "bin" / "expected.safetensors")
    for name in ("bin_legacy", "bin_sharded", "bin_nested", "sharded", "old_config"):
        other = load_file(FOLDER / name / "expected.safetensors")
        assert all(torch.equal(plain[key], other[key]) for key in plain), name


def make_formats():
    make_pickles()
    make_nested()
    make_safetensors()
    make_edited()
    check_same()
