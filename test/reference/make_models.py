"""Makes models/: tiny checkpoints as transformers saves them, and what transformers' BiT computes with them.

Run it as `python test/reference/make_models.py`; it needs transformers. The cases: model_cases.py; checkpoints in other
file formats: make_formats.py, which this script runs last. Layout of a case's folder: models/README.md.
"""

import json
import shutil
from pathlib import Path

import torch
import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from model_cases import BACKBONE, CHECKPOINTS
from random_parameters import random_pixels, randomise
from safetensors.torch import load_file, save_file
from transformers import BitConfig
from transformers.models.bit.modeling_bit import make_div

FOLDER = Path(__file__).parent / "models"

# Largest difference between float32 and float64, over the largest magnitude: well below the promised 2e-5.
ROUNDING = 1e-5


def model_class(name):
    return getattr(transformers, name)


def effective(config):
    """Stage widths as transformers' encoder makes them, with width_factor 1: its norm and head use them as they stand.

    transformers multiplies by width_factor and rounds to eights in the encoder alone, and then cannot run the model.
    """
    widths = [make_div(size * config.get("width_factor", 1)) for size in config["hidden_sizes"]]
    return {**config, "hidden_sizes": widths, "width_factor": 1}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n")


def output_tensors(output):
    """A model's output as flat names and tensors: sequences are numbered."""
    tensors = {}
    for name, value in output.items():
        if isinstance(value, (tuple, list)):
            tensors.update({f"{name}.{i}": part for i, part in enumerate(value)})
        elif value is not None:
            tensors[name] = value
    return {name: value.detach().contiguous().clone() for name, value in tensors.items()}


def load(folder, run):
    """The run's model from the saved folder, and what transformers says of missing and unexpected keys."""
    fields = {**json.loads((folder / "config.json").read_text())}
    if "out_features" in run["config"] or "out_indices" in run["config"]:
        fields.pop("out_features", None), fields.pop("out_indices", None)
    config = BitConfig(**{**fields, **run["config"]})
    cls = model_class(run["model_class"])
    torch.manual_seed(7)  # for what the file lacks
    model, info = cls.from_pretrained(folder, config=config, dtype=torch.float32, output_loading_info=True)
    keys = {name: sorted(info[name]) for name in ("missing_keys", "unexpected_keys")}
    return model.eval(), {name: value for name, value in keys.items() if value}


def rounding(model, inputs, options, outputs):
    """How far the outputs are from those in float64, over the largest magnitude.

    Not for xIELU, whose slopes are to be rounded to bfloat16.
    """
    if model.config.hidden_act == "xielu":
        return {}
    exact = output_tensors(model.double()(inputs["pixel_values"].double(), **options))
    differences = {}
    for name in outputs.keys() & exact.keys():
        difference = (outputs[name] - exact[name]).abs().max() / exact[name].abs().max()
        differences[name] = difference.item()
    return differences


@torch.no_grad()
def perform(folder, run, tensors, magnifies):
    """Does the run, adds its tensors to `tensors`, and returns its entry of case.json."""
    entry = {key: run[key] for key in ("name", "model_class", "config", "description") if run[key]}
    if run["hidden"]:
        entry["output_hidden_states"] = True
    shape = "x".join(map(str, run["pixels"]))
    inputs = {"pixel_values": f"inputs/{shape}"}
    tensors.setdefault(inputs["pixel_values"], random_pixels(run["pixels"], sum(run["pixels"])))
    if run["labels"] is not None:
        inputs["labels"] = f"{run['name']}/labels"
        tensors[inputs["labels"]] = torch.tensor(run["labels"])
    entry["inputs"] = inputs
    try:
        model, loading = load(folder, run)
        options = {"output_hidden_states": True} if run["hidden"] else {}
        given = {name: tensors[key] for name, key in inputs.items()}
        outputs = output_tensors(model(**given, **options))
    except Exception as error:
        return {**entry, "error": type(error).__name__, "message": str(error).split("\n")[0][:200]}
    if any("classifier" not in name for name in loading.get("missing_keys", [])):
        outputs = {}  # random
    elif "missing_keys" in loading:
        outputs.pop("logits")
    if run["labels"] is not None:
        outputs = {name: value for name, value in outputs.items() if name in ("logits", "loss")}
        entry["problem_type"] = model.config.problem_type
    assert all(torch.isfinite(value).all() for value in outputs.values()), run
    differences = rounding(model, given, options, outputs)
    if magnifies:
        entry["rounding"] = differences
    else:
        assert all(value < ROUNDING for value in differences.values()), differences
    tensors.update({f"{run['name']}/{name}": value for name, value in outputs.items()})
    if run["model_class"] == BACKBONE:
        entry.update(out_features=model.out_features, out_indices=model.out_indices, channels=model.channels)
    return {**entry, **loading, "outputs": {name: f"{run['name']}/{name}" for name in outputs}}


def write_case(folder, name, description, runs, magnifies=False):
    """Performs the runs upon a saved checkpoint and writes case.json and expected.safetensors beside it.

    A case that magnifies rounding would compare nothing but that: it is refused, unless that is known (`magnifies`);
    then case.json tells how far transformers' own float32 is from float64.
    """
    tensors = {}
    entries = [perform(folder, run, tensors, magnifies) for run in runs]
    used = {key for entry in entries for key in [*entry["inputs"].values(), *entry.get("outputs", {}).values()]}
    save_file({key: tensors[key] for key in sorted(used)}, folder / "expected.safetensors")
    case = {"name": name, "description": description, "transformers": transformers.__version__, "runs": entries}
    write_json(folder / "case.json", case)
    errors = [entry["name"] for entry in entries if "error" in entry]
    print(f"{name}: {len(entries)} runs, errors in {errors}")


@torch.no_grad()
def check_width(folder, config):
    """The bare bottleneck model has no final norm: there transformers itself can use width_factor."""
    if config.get("layer_type") == "bottleneck":
        expected = load_file(folder / "expected.safetensors")
        model = transformers.BitModel.from_pretrained(folder, dtype=torch.float32).eval()
        actual = model(expected["inputs/1x3x17x23"]).last_hidden_state
        assert torch.equal(actual, expected["small/last_hidden_state"]), folder


def make_checkpoint(name, case, seed):
    folder = FOLDER / name
    config = case["config"]
    changed = effective(config)["hidden_sizes"] != config["hidden_sizes"]
    made_with = effective(config) if changed else config
    model = model_class(case["model_class"])(BitConfig(**made_with))
    randomise(model, seed, case["norm_scale"]).save_pretrained(folder)
    write_case(folder, name, case["description"], case["runs"])
    if changed:
        path = folder / "config.json"
        fields = json.loads(path.read_text())
        fields.update(hidden_sizes=config["hidden_sizes"], width_factor=config.get("width_factor", 1))
        path.write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n")
        check_width(folder, config)


def main():
    from make_formats import make_formats  # which imports this module

    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    readme = (FOLDER / "README.md").read_text() if (FOLDER / "README.md").exists() else None
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    if readme:
        (FOLDER / "README.md").write_text(readme)
    for seed, (name, case) in enumerate(CHECKPOINTS.items(), start=1):
        make_checkpoint(name, case, seed)
    make_formats()


if __name__ == "__main__":
    main()
