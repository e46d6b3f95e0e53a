"""Makes evaluation.json: what scikit-learn and statsmodels measure of scores that were drawn.

Run it as `python test/reference/make_evaluation.py`; it needs numpy, scikit-learn and statsmodels. All scores are
multiples of a power of two, so that float32 holds them, rows of probabilities sum to one exactly, and many are equal.
What is 0 / 0 is null.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
import statsmodels
from sklearn import metrics
from sklearn.exceptions import UndefinedMetricWarning
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

FOLDER = Path(__file__).parent
NAN = np.nan
BINS = 15
# Examples, classes that are drawn, classes of the model, parts that the score of an example falls into.
SINGLE = {"seven": (200, 6, 7, 64), "three": (60, 3, 3, 16), "many": (40, 90, 110, 32), "one": (1, 3, 3, 8)}
PROPORTIONS = [(0, 1), (1, 1), (0, 10), (10, 10), (1, 3), (81, 263), (15, 148), (999, 1000), (500000, 1000000)]


def plain(value):
    """Numbers as JSON has them; null for NaN."""
    if isinstance(value, np.ndarray):
        return [plain(each) for each in value]
    return None if np.isnan(value) else float(value)


def single_label(random, examples, drawn, classes, parts):
    labels = np.arange(classes)
    target = random.integers(0, drawn, examples)
    weights = random.dirichlet(np.full(classes, 0.5), examples)
    # Better than chance, and never the last class but one.
    weights[np.arange(examples), target] += random.uniform(0, 1, examples)
    weights[:, -2] = 0
    counts = np.array([random.multinomial(parts, row / row.sum()) for row in weights])
    scores = counts / parts
    predicted = scores.argmax(axis=1)
    # Of equal scores, the lower number comes first: scikit-learn would take the higher one.
    ranked = scores - labels * 1e-9
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        target, predicted, labels=labels, zero_division=NAN
    )
    losses = [metrics.log_loss([each], [row], labels=labels) for each, row in zip(target, scores)]
    with_support = support > 0
    return {
        "target": target.tolist(),
        "counts": counts.tolist(),
        "parts": parts,
        "accuracy": metrics.accuracy_score(target, predicted),
        "top5": plain(metrics.top_k_accuracy_score(target, ranked, k=5, labels=labels)) if classes > 5 else None,
        "balanced_accuracy": metrics.balanced_accuracy_score(target, predicted),
        "mean_recall": float(recall[with_support].mean()),
        "macro_f1": plain(np.nanmean(f1)),
        "loss": metrics.log_loss(target, scores, labels=labels),
        "loss_interval": mean_interval(losses),
        "precision": plain(precision),
        "recall": plain(recall),
        "f1": plain(f1),
        "support": support.tolist(),
        "confusion": metrics.confusion_matrix(target, predicted, labels=labels).tolist(),
        "brier": metrics.brier_score_loss(target, scores, labels=labels, scale_by_half=False),
        **calibration(scores.max(axis=1), predicted == target),
    }


def calibration(confidence, correct):
    """Equations 3 and 5 of Guo et al. (2017), bins of ((m - 1) / M, m / M]."""
    rows, ece = [], 0.0
    for number in range(1, BINS + 1):
        inside = (confidence > (number - 1) / BINS) & (confidence <= number / BINS)
        count = int(inside.sum())
        mean = confidence[inside].mean() if count else NAN
        share = correct[inside].mean() if count else NAN
        if count:
            ece += count / len(confidence) * abs(share - mean)
        rows.append({"count": count, "confidence": plain(mean), "accuracy": plain(share)})
    return {"ece": float(ece), "bins": rows}


def multi_label(random, examples, labels, parts):
    target = random.integers(0, 2, (examples, labels))
    target[:, 1] = 0
    target[:, 2] = 1
    counts = random.integers(0, parts + 1, (examples, labels))
    counts[::7] = parts // 2  # exactly at the threshold
    counts = np.where(target & (random.uniform(size=counts.shape) < 0.4), np.maximum(counts, parts // 2 + 3), counts)
    target[:5], counts[:5, :] = np.eye(5, labels, dtype=int), np.eye(5, labels, dtype=int) * parts  # all right
    target[:, 1], counts[:, 3] = 0, 5  # a label that nobody has, and one that is never predicted
    scores = counts / parts
    predicted = (scores > 0.5).astype(int)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(target, predicted, zero_division=NAN)
    has_any = target.any(axis=0)
    average = [metrics.average_precision_score(target[:, n], scores[:, n]) if has_any[n] else NAN for n in range(labels)]
    losses = [metrics.log_loss(*pair, labels=[0, 1]) for pair in zip(target, scores)]
    return {
        "target": target.tolist(),
        "counts": counts.tolist(),
        "parts": parts,
        "accuracy": metrics.accuracy_score(target, predicted),
        "micro_f1": metrics.f1_score(target, predicted, average="micro"),
        "macro_f1": plain(np.nanmean(f1)),
        "average_precision": plain(np.array(average)),
        "mean_average_precision": metrics.average_precision_score(target[:, has_any], scores[:, has_any]),
        "loss": metrics.log_loss(target.ravel(), scores.ravel()),
        "loss_interval": mean_interval(losses),
        "precision": plain(precision),
        "recall": plain(recall),
        "f1": plain(f1),
        "support": support.tolist(),
    }


def regression(random, examples, values):
    target = np.round(random.normal(3, 2, (examples, values)) * 64) / 64
    target[:, -1] = 7  # R² of what does not vary is 0 / 0
    predicted = target + np.round(random.normal(0.2, 1, (examples, values)) * 64) / 64
    errors = np.abs(predicted - target).mean(axis=1)
    r2 = np.array([metrics.r2_score(target[:, n], predicted[:, n]) for n in range(values)])
    r2[target.std(axis=0) == 0] = NAN
    return {
        "target": target.tolist(),
        "predicted": predicted.tolist(),
        "mae": metrics.mean_absolute_error(target, predicted),
        "interval": mean_interval(errors),
        "rmse": metrics.root_mean_squared_error(target, predicted),
        "r2": plain(np.nanmean(r2)),
        "loss": metrics.mean_squared_error(target, predicted),
        "loss_interval": mean_interval(((predicted - target) ** 2).mean(axis=1)),
        "per_value": {
            "mae": plain(metrics.mean_absolute_error(target, predicted, multioutput="raw_values")),
            "rmse": plain(metrics.root_mean_squared_error(target, predicted, multioutput="raw_values")),
            "r2": plain(r2),
        },
    }


def mean_interval(values):
    """Null of a single one: it has no deviation."""
    if len(values) < 2:
        return None
    return [float(each) for each in DescrStatsW(np.asarray(values)).zconfint_mean()]


def wilson(successes, examples):
    low, high = proportion_confint(successes, examples, method="wilson")
    return {"successes": successes, "examples": examples, "interval": [float(low), float(high)]}


def main():
    warnings.simplefilter("ignore", UndefinedMetricWarning)
    random = np.random.default_rng(19)
    result = {
        "scikit-learn": sklearn.__version__,
        "statsmodels": statsmodels.__version__,
        "wilson": [wilson(*each) for each in PROPORTIONS],
        "single_label": {name: single_label(random, *sizes) for name, sizes in SINGLE.items()},
        "multi_label": multi_label(random, 80, 6, 64),
        "regression": regression(random, 50, 3),
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in result.items())
    (FOLDER / "evaluation.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
