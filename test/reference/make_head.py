"""Makes head.json: what scikit-learn fits to features that were drawn.

Run it as `python test/reference/make_head.py`; it needs numpy and scikit-learn. Features are multiples of a power of two,
so that float32 holds them; they are standardised (by the deviation of the population) before each fit, and the weights told
are those of standardised features. A strength is scikit-learn's alpha over the examples, or 1 over C and the examples.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.preprocessing import StandardScaler

FOLDER = Path(__file__).parent
STRENGTHS = [10.0, 0.1, 0.001, 1e-05]
SETTINGS = {"solver": "lbfgs", "tol": 1e-10, "max_iter": 100000}


def drawn(random, examples, width):
    """Columns of very different means and sizes, one of them the same everywhere."""
    features = random.normal(size=(examples, width)) * np.logspace(-1, 2, width) + np.linspace(-5, 50, width)
    features = np.round(features * 1024) / 1024
    features[:, 1] = 7
    return features


def classes_of(features, classes, random):
    scores = StandardScaler().fit_transform(features) @ random.normal(size=(features.shape[1], classes))
    return (scores + random.gumbel(size=scores.shape)).argmax(axis=1)


def single_label(features, random):
    targets = classes_of(features, 4, random)
    scaled = StandardScaler().fit_transform(features)
    for strength in STRENGTHS:
        model = LogisticRegression(C=1 / (strength * len(targets)), **SETTINGS).fit(scaled, targets)
        loss = log_loss(targets, model.predict_proba(scaled))
        yield {"strength": strength, "loss": loss, "weight": model.coef_, "bias": model.intercept_}, targets


def multi_label(features, random):
    targets = np.stack([classes_of(features, 2, random) for _ in range(3)], axis=1)
    scaled = StandardScaler().fit_transform(features)
    for strength in STRENGTHS:
        models = [
            LogisticRegression(C=1 / (strength * len(targets)), **SETTINGS).fit(scaled, column) for column in targets.T
        ]
        losses = [log_loss(column, model.predict_proba(scaled)) for column, model in zip(targets.T, models)]
        weight = np.concatenate([model.coef_ for model in models])
        bias = np.concatenate([model.intercept_ for model in models])
        yield {"strength": strength, "loss": np.mean(losses), "weight": weight, "bias": bias}, targets


def regression(features, random):
    scaled = StandardScaler().fit_transform(features)
    targets = scaled @ random.normal(size=(features.shape[1], 2)) + random.normal(size=(len(features), 2)) + 3
    targets = np.round(targets * 1024) / 1024
    for strength in STRENGTHS:
        model = Ridge(alpha=strength * len(targets), solver="cholesky").fit(scaled, targets)
        loss = mean_squared_error(targets, model.predict(scaled))
        yield {"strength": strength, "loss": loss, "weight": model.coef_, "bias": model.intercept_}, targets


def plain(fit):
    return {name: value.tolist() if isinstance(value, np.ndarray) else float(value) for name, value in fit.items()}


def case(problem, make, examples, width, seed):
    random = np.random.default_rng(seed)
    features = drawn(random, examples, width)
    fits = list(make(features, random))
    return {
        "problem": problem,
        "features": features.tolist(),
        "targets": fits[0][1].tolist(),
        "fits": [plain(fit) for fit, _ in fits],
    }


def main():
    cases = [
        case("single_label_classification", single_label, 60, 6, 1),
        case("single_label_classification", single_label, 20, 30, 2),
        case("multi_label_classification", multi_label, 60, 6, 3),
        case("regression", regression, 40, 6, 4),
        case("regression", regression, 12, 20, 5),
    ]
    text = json.dumps({"sklearn": sklearn.__version__, "cases": cases})
    (FOLDER / "head.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
