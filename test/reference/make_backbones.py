"""Makes backbones.json: what transformers' BitBackbone says of itself while its outputs are set anew.

Run it as `python test/reference/make_backbones.py`; it needs transformers.
"""

import json
from pathlib import Path

import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from transformers import BitBackbone, BitConfig

CONFIGS = {
    "four stages": {"embedding_size": 8, "hidden_sizes": [16, 24, 32, 48], "depths": [1, 1, 1, 1], "num_groups": 4},
    "a size without a stage": {"embedding_size": 8, "hidden_sizes": [16, 24, 32], "depths": [1, 2], "num_groups": 4},
}

SETTINGS = [
    ("out_features", ["stage1"]),
    ("out_features", ["stem", "stage2"]),
    ("out_indices", [0, 1]),
    ("out_indices", [0, -1]),
    ("out_indices", [-2]),
    ("out_features", []),
    ("out_indices", None),
    ("out_features", None),
    ("out_features", ["stage9"]),
    ("out_features", ["stage2", "stage1"]),
    ("out_features", ["stage1", "stage1"]),
    ("out_indices", [9]),
    ("out_indices", [1, 0]),
    ("out_indices", [1, -2, 1]),
    ("out_features", "stage1"),
]

FIELDS = ("out_features", "out_indices", "channels")


def main():
    cases = []
    for name, fields in CONFIGS.items():
        backbone = BitBackbone(BitConfig(**fields))
        facts = {key: getattr(backbone, key) for key in ("stage_names", "num_features", "out_feature_channels")}
        steps = []
        for field, value in SETTINGS:
            before = {key: getattr(backbone, key) for key in FIELDS}
            step = {"set": field, "to": value}
            try:
                setattr(backbone, field, value)
                step.update({key: getattr(backbone, key) for key in FIELDS})
            except Exception:
                # It keeps the wrong value; ours keeps the one before.
                step["error"] = True
                backbone.config.set_output_features_output_indices(before["out_features"], before["out_indices"])
            steps.append(step)
        cases.append({"name": name, "config": fields, **facts, "steps": steps})
    text = json.dumps({"transformers": transformers.__version__, "cases": cases}, indent=1)
    (Path(__file__).parent / "backbones.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
