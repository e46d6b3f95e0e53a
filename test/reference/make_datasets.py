"""Makes datasets/: Parquet files of labelled pictures as Hugging Face datasets and pyarrow write them, expected.json with
what each row has, and beta.json with values of Beta's distribution functions.

Run it as `python test/reference/make_datasets.py`; it needs datasets, pyarrow, Pillow and SciPy.
Layout of the two: datasets/README.md.
"""

import hashlib
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features, Image, List, Value
from PIL import Image as Pillow
from scipy.stats import beta

FOLDER = Path(__file__).parent / "datasets"
NAMES = ["zebra", "ant", "médaille d'or"]
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
EXPECTED = {}


def picture(index):
    """A PNG of its own colour."""
    image = Pillow.new("RGB", (3, 2), (index % 256, index // 256, 90))
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def value(index, path=None):
    return {"bytes": picture(index), "path": path}


def expect(name, images, labels, names=None):
    rows = []
    for image, label in zip(images, labels, strict=True):
        data, path = (image["bytes"], image["path"]) if isinstance(image, dict) else (None, image)
        sha256 = None if data is None else hashlib.sha256(data).hexdigest()
        rows.append({"sha256": sha256, "path": path, "label": label})
    EXPECTED[name] = {"names": names, "rows": rows}


def hugging_face(name, images, labels, feature, names=None, **options):
    """As the library itself writes them."""
    features = Features({"image": Image(), "label": feature})
    data = Dataset.from_dict({"image": images, "label": labels}, features=features)
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data.to_parquet(str(path), **options)
    expect(name, images, labels, names)


def arrow(name, images, labels, kind, column="label", image="image", image_kind=IMAGE, features=None, **options):
    table = pa.table({image: pa.array(images, image_kind), column: pa.array(labels, kind)})
    if features is not None:
        table = table.replace_schema_metadata({"huggingface": features})
    pq.write_table(table, FOLDER / name, **options)
    expect(name, images, labels)


def described(**feature):
    return json.dumps({"info": {"features": {"image": {"_type": "Image"}, "label": feature}}})


def make_hugging_face():
    classes = ClassLabel(names=NAMES)
    ten = [value(at, f"{at} ü.png") for at in range(8)] + [None, value(9)]
    hugging_face("classes.parquet", ten, [0, 1, 2, 0, 0, 1, -1, None, 1, 0], classes, NAMES, batch_size=4)
    both = [value(at) for at in range(4)]
    hugging_face("lists.parquet", both, [[0, 2], [], [1], None], List(classes), NAMES)
    hugging_face("names.parquet", both, ["b", "a", "\U0001f600", "\uff5e"], Value("string"))
    for name, first, labels in [
        ("train-00000-of-00002", 20, [0, 1]),
        ("train-00001-of-00002", 22, [2, 0]),
        ("test-00000-of-00001", 24, [1]),
    ]:
        images = [value(first + at) for at in range(len(labels))]
        hugging_face(f"parts/data/{name}.parquet", images, labels, classes, NAMES)


def make_others():
    images = [value(at) for at in range(4)]
    # A page ends after some of these batches at the earliest.
    pages = {"write_page_index": True, "data_page_size": 400, "write_batch_size": 2, "use_dictionary": False}
    many = [value(at, f"{at}.png") for at in range(60)]
    numbers = [at % 5 for at in range(60)]
    arrow("pages.parquet", many, numbers, pa.int32(), row_group_size=25, **pages)
    arrow("values.parquet", images, [0.5, -2.25, float("nan"), 1e-3], pa.float64(), column="target")
    arrow("vectors.parquet", images, [[0.5, 1.0]] * 3 + [None], pa.list_(pa.float32()))
    arrow("texts.parquet", images, ["b|a", "a", None, "c | b"], pa.string(), compression="zstd")
    arrow("floats.parquet", images, [1.0, 0.0, float("nan"), 1.0], pa.float64())
    arrow("bigint.parquet", images, [0, 1, 2**63 - 1, 2], pa.int64())
    arrow("booleans.parquet", images, [True, False, True, False], pa.bool_())
    paths = ["a.png", "https://example.org/b.png", "/c.png", None]
    arrow("paths.parquet", paths, [0, 1, 0, 1], pa.int64(), image="file_name", image_kind=pa.string())
    # Of versions before 2, with a list in a list; and names that do not fit.
    arrow(
        "old_lists.parquet", images, [[0], [1, 0], [], [1]], pa.list_(pa.int64()),
        features=described(feature=[{"names": ["x", "y"], "_type": "ClassLabel"}], _type="Sequence"),
    )
    arrow("beyond.parquet", images, [0, 1, 2, 0], pa.int64(), features=described(names=["x", "y"], _type="ClassLabel"))
    arrow("other_classes.parquet", images, [0, 1, 1, 0], pa.int64(), features=described(names=["x", "y"], _type="ClassLabel"))
    arrow("broken_features.parquet", images, [0, 1, 1, 0], pa.int64(), features="{")
    arrow("no_names.parquet", images, [0, 1, 1, 0], pa.int64(), features=described(names=[1, 2], _type="ClassLabel"))


def make_beta():
    points = [0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999]
    cases = []
    for a, b in [(0.1, 0.1), (0.2, 0.2), (0.3, 0.9), (1, 1), (1, 0.5), (0.5, 2), (2, 2), (1.5, 4), (8, 1), (40, 60)]:
        mean, variance = beta.stats(a, b)
        cdf = [float(each) for each in beta.cdf(points, a, b)]
        cases.append({"a": a, "b": b, "mean": float(mean), "variance": float(variance), "cdf": cdf})
    (FOLDER / "beta.json").write_text(json.dumps({"points": points, "cases": cases}, indent=1) + "\n")


def main():
    FOLDER.mkdir(exist_ok=True)
    make_hugging_face()
    make_others()
    make_beta()
    # NaN is no JSON.
    text = json.dumps(EXPECTED, ensure_ascii=False, indent=1).replace("NaN", "null")
    (FOLDER / "expected.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
