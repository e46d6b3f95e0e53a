"""Makes scores.json: what transformers' image-classification pipeline makes of logits.

Run it as `python test/reference/make_scores.py`; it needs transformers.
"""

import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import torch
import torchvision_cpu  # noqa: F401  (before transformers)
import transformers
from transformers import BitConfig, ImageClassificationPipeline

LOGITS = {1: [[-0.75]], 3: [[0.5, 4.0, -100.0]]}
PROBLEMS = (None, "regression", "single_label_classification", "multi_label_classification")
FUNCTIONS = (None, "softmax", "sigmoid", "none", "SoftMax", "default", "tanh")


def answer(config, logits, function, top_k):
    parameters = ImageClassificationPipeline._sanitize_parameters(None, top_k, function)[2]
    pipeline = SimpleNamespace(model=SimpleNamespace(config=config))
    rows = ImageClassificationPipeline.postprocess(pipeline, {"logits": torch.tensor(logits)}, **parameters)
    return [[row["label"], row["score"]] for row in rows]


def main():
    rows = []
    for (labels, logits), problem, own in itertools.product(LOGITS.items(), PROBLEMS, (None, "sigmoid")):
        if problem == "single_label_classification" and labels == 1:
            continue  # BitConfig itself refuses it
        fields = {"num_labels": labels, "problem_type": problem}
        fields |= {"function_to_apply": own} if own else {}
        for function, top_k in [*((each, None) for each in FUNCTIONS), (None, 2)]:
            row = {"config": fields, "logits": logits[0], "function_to_apply": function, "top_k": top_k}
            try:
                row["answer"] = answer(BitConfig(**fields), logits, function, top_k)
            except ValueError:
                row["answer"] = None
            rows.append(row)
    lines = ",\n".join(json.dumps(row) for row in rows)
    path = Path(__file__).parent / "scores.json"
    path.write_text(f'{{"transformers": "{transformers.__version__}", "rows": [\n{lines}\n]}}\n')
    print(f"{len(rows)} rows")


if __name__ == "__main__":
    main()
