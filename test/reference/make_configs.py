"""Makes configs.json: what transformers' BitConfig and BitImageProcessor read, write and refuse.

Run it as `python test/reference/make_configs.py`; it needs transformers and torchvision. Each entry of `configs` and of
`processors` has `read` (the fields of a JSON file) and either `written` (those that saving it again writes, without
transformers_version) or `error` and `message`.
"""

import json
import logging
from pathlib import Path

import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from transformers import BitConfig, BitImageProcessor

FILE = Path(__file__).parent / "configs.json"

LABELS = {"0": "cat", "1": "dog", "2": "bird"}

CONFIGS = [
    {},
    {"layer_type": "bottleneck", "depths": [3, 4, 9], "global_padding": "same", "embedding_dynamic_padding": True},
    {"layer_type": "basic"},
    {"layer_type": 3},
    {"global_padding": "valid"},
    {"global_padding": "reflect"},
    {"num_channels": 1.5},
    {"num_channels": "3"},
    {"num_channels": True},
    {"num_channels": None},
    {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 1, 1], "num_groups": 8},
    {"hidden_sizes": [8.5, 16]},
    {"hidden_sizes": "abc"},
    {"depths": None},
    {"depths": [1, 2]},
    {"hidden_act": "silu"},
    {"hidden_act": None},
    {"drop_path_rate": 1},
    {"drop_path_rate": "0"},
    {"embedding_dynamic_padding": 1},
    {"output_stride": "8"},
    {"output_stride": 8},
    {"width_factor": 3},
    {"width_factor": 1.5},
    {"out_features": ["stem", "stage2"]},
    {"out_features": []},
    {"out_features": ["stage9"]},
    {"out_features": "stem"},
    {"out_features": ["stage2", "stem"]},
    {"out_features": ["stem", "stem"]},
    {"out_indices": [0, -1]},
    {"out_indices": [9]},
    {"out_indices": [-9]},
    {"out_indices": [2, 1]},
    {"out_indices": [4, -1]},
    {"out_indices": 2},
    {"out_indices": [1.5]},
    {"out_features": ["stage1"], "out_indices": [1]},
    {"out_features": ["stage1"], "out_indices": [2]},
    {"out_features": ["stage1"], "out_indices": [1, 2]},
    {"num_labels": 1},
    {"num_labels": 2},
    {"num_labels": 3},
    {"num_labels": 0},
    {"num_labels": "3"},
    {"id2label": LABELS},
    {"id2label": LABELS, "label2id": {"cat": 0, "dog": 1, "bird": 2}},
    {"id2label": LABELS, "num_labels": 5},
    {"id2label": LABELS, "num_labels": 1},
    {"id2label": LABELS, "label2id": {"cat": 0, "dog": 1, "bird": 2}, "num_labels": 4},
    {"id2label": LABELS, "label2id": {"cat": "0", "dog": "1", "bird": "2"}},
    {"id2label": LABELS, "label2id": {"cat": None, "dog": "second"}},
    {"id2label": {"0": 1, "1": True, "2": None, "3": 2.5}},
    {"id2label": {"-1": "cat", "7": "dog"}},
    {"label2id": {"cat": 0, "dog": 1, "bird": 2}},
    {"id2label": {"x": "cat"}},
    {"problem_type": "regression"},
    {"problem_type": "single_label_classification", "num_labels": 1},
    {"problem_type": "multi_label_classification", "num_labels": 1},
    {"torch_dtype": "float16"},
    {"dtype": "bfloat16"},
    {"torch_dtype": "float16", "dtype": "float32"},
    {"dtype": "float99"},
    {"output_hidden_states": True},
    {"architectures": ["BitModel"], "model_type": "bit", "transformers_version": "4.26.0.dev0"},
    {"my_own": {"kept": [1, 2.5, None]}, "initializer_range": 0.02},
    {"_commit_hash": "abc", "name_or_path": "somewhere", "max_length": 20},
]

PROCESSORS = [
    {},
    {"feature_extractor_type": "BitFeatureExtractor", "size": 256, "crop_size": 224},
    {"image_processor_type": "BitImageProcessor", "size": {"height": 448, "width": 448}, "do_center_crop": False},
    {"size": [70, 91], "resample": 2},
    {"resample": "bicubic"},
    {"resample": "nearest-exact"},
    {"resample": "lanczos"},
    {"size": {"shortest_edge": 64, "longest_edge": 81}},
    {"size": {"max_height": 64, "max_width": 81}},
    {"size": {"edge": 64}},
    {"size": {"height": 64}},
    {"crop_size": {"height": 64}},
    {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "rescale_factor": 0.00784313725490196},
    {"image_mean": 0.5},
    {"do_pad": True, "pad_size": 240},
    {"do_resize": None, "size": None},
    {"my_own": {"kept": [1, 2.5, None]}, "processor_class": "SomeProcessor"},
]


def round_trip(make, fields):
    try:
        written = json.loads(make(fields).to_json_string())
    except Exception as error:
        cause = str(error).strip().split("\n")
        return {"read": fields, "error": type(error).__name__, "message": cause[-1].strip().split("(")[0].strip()}
    written.pop("transformers_version", None)
    return {"read": fields, "written": written}


def main():
    logging.disable(logging.CRITICAL)
    configs = [round_trip(lambda given: BitConfig.from_dict(dict(given)), fields) for fields in CONFIGS]
    processors = [round_trip(lambda given: BitImageProcessor.from_dict(dict(given)), fields) for fields in PROCESSORS]
    tables = {"configs": configs, "processors": processors}
    parts = [f'  "{name}": [\n' + ",\n".join(f"    {json.dumps(e)}" for e in t) + "\n  ]" for name, t in tables.items()]
    head = f'  "transformers": "{transformers.__version__}"'
    FILE.write_text("{\n" + ",\n".join([head, *parts]) + "\n}\n")
    for entry in [*configs, *processors]:
        if "error" in entry:
            print(json.dumps(entry))


if __name__ == "__main__":
    main()
