"""Makes batch/: shards as other tools write them, expected.json with the pictures that each holds, and NumPy's arrays.

Run it as `python test/reference/make_batch.py`; it needs pyarrow, NumPy and Pillow. Tar archives are written by Python's tarfile
(the kinds of names and entries that it has), Zstandard and Parquet by Arrow's C++ libraries.
Layout of expected.json: batch/README.md.
"""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

FOLDER = Path(__file__).parent / "batch"
EXPECTED = {}


def picture(index):
    """A PNG of its own colour."""
    image = Image.new("RGB", (3, 2), (index % 256, index // 256, 50))
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# Tar


def add(tar, name, data, kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def archive(kind, entries, **options):
    """The bytes of an archive of (name, data) or (name, data, type, link)."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=kind, **options) as tar:
        for entry in entries:
            add(tar, *entry)
    return data.getvalue()


def pictures_in(entries):
    return [{"name": name, "sha256": sha256(data)} for name, data in entries]


def base_256(data):
    """The same archive with the size of its first entry in base 256, as GNU tar writes large ones."""
    header = bytearray(data[:512])
    size = int(header[124:135], 8)
    header[124:136] = b"\x80" + size.to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + data[512:]


def zstd(data):
    return pa.compress(data, "zstd", asbytes=True)


def make_tars():
    samples = [(f"{key:06d}.png", picture(key)) for key in range(4)]
    beside = []
    for name, data in samples:
        key = name.removesuffix(".png")
        beside += [(name, data), (f"{key}.json", b'{"a": 1}'), (f"{key}.cls", b"3")]
    web = archive(tarfile.PAX_FORMAT, beside)
    several = [(f"7.{part}.png", picture(10 + at)) for at, part in enumerate(["left", "right", "mask"])]
    long = [(f"{'deep/' * 30}{'n' * 90}-{at}.png", picture(20 + at)) for at in range(2)]
    unicode = [("Fotos/\u00dcbung \u732b \U0001f408.png", picture(30)), ("line\nbreak, \"quoted\".png", picture(31))]
    others = [
        ("folder.png", b"", tarfile.DIRTYPE),
        ("folder.png/a.png", picture(40)),
        ("symbolic.png", b"", tarfile.SYMTYPE, "folder.png/a.png"),
        ("hard.png", b"", tarfile.LNKTYPE, "folder.png/a.png"),
        ("pipe.png", b"", tarfile.FIFOTYPE),
        ("empty.png", b""),
        ("notes.txt", b"words"),
        ("contiguous.png", picture(41), tarfile.CONTTYPE),
    ]
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    cut = len(web) // 3
    files = {
        "webdataset.tar": (web, samples),
        "webdataset.tar.gz": (gzip.compress(web, mtime=0), samples),
        "members.tgz": (gzip.compress(web[:cut], mtime=0) + gzip.compress(web[cut:], mtime=0), samples),
        "webdataset.tar.zst": (zstd(web), samples),
        "frames.tzst": (zstd(web[:cut]) + skippable + zstd(b"") + zstd(web[cut:]), samples),
        "several.tar": (archive(tarfile.USTAR_FORMAT, several), several),
        "long_gnu.tar": (archive(tarfile.GNU_FORMAT, long), long),
        "long_pax.tar": (archive(tarfile.PAX_FORMAT, long), long),
        "unicode_pax.tar": (archive(tarfile.PAX_FORMAT, unicode), unicode),
        "unicode_gnu.tar": (archive(tarfile.GNU_FORMAT, unicode), unicode),
        "global_pax.tar": (archive(tarfile.PAX_FORMAT, samples, pax_headers={"comment": "all"}), samples),
        "base_256.tar": (base_256(archive(tarfile.GNU_FORMAT, samples)), samples),
        "no_end.tar": (archive(tarfile.USTAR_FORMAT, samples)[: 4 * 1024], samples),
    }
    for name, (data, entries) in files.items():
        (FOLDER / name).write_bytes(data)
        EXPECTED[name] = pictures_in(entries)
    (FOLDER / "others.tar").write_bytes(archive(tarfile.GNU_FORMAT, others))


# Parquet


def value(data, path=None):
    return {"bytes": data, "path": path}


def table(**columns):
    return pa.table(columns)


IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def rows_of(values):
    """What each row means: the hash of its bytes and its path, null where there is none."""
    rows = []
    for each in values:
        if isinstance(each, dict):
            data, path = each["bytes"], each["path"]
        else:
            data, path = (each, None) if isinstance(each, bytes) else (None, each)
        rows.append({"sha256": None if data is None else sha256(data), "path": path})
    return rows


def parquet(name, values, kind, column="image", others=None, metadata=None, **options):
    data = table(**{**(others or {}), column: pa.array(values, kind)})
    if metadata:
        data = data.replace_schema_metadata(metadata)
    pq.write_table(data, FOLDER / name, **options)
    EXPECTED[name] = rows_of(values)


def make_parquet():
    # As Hugging Face datasets stores images: Features in the schema's metadata.
    features = {"info": {"features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel"}}}}
    metadata = {"huggingface": json.dumps(features)}
    hf = [value(picture(0), "cat.png"), value(picture(1)), None, value(None, None), value(b"", "empty.png")]
    hf.append(value(None, "beside/picture.png"))
    parquet("hf.parquet", hf, IMAGE, others={"label": list(range(6))}, metadata=metadata, compression="snappy")

    raw = [picture(at) for at in range(100, 106)] + [None]
    parquet("bytes_none.parquet", raw, pa.binary(), "bytes", compression="none")
    parquet("large_gzip.parquet", raw, pa.large_binary(), "jpg", compression="gzip")
    parquet("view_zstd.parquet", raw, pa.binary_view(), "picture", compression="zstd")
    parquet("brotli.parquet", raw, pa.binary(), compression="brotli")
    parquet("lz4.parquet", raw, pa.binary(), compression="lz4")
    parquet("plain.parquet", raw, pa.binary(), use_dictionary=False, data_page_version="2.0")
    parquet("fixed.parquet", [each for each in raw if each], pa.binary(len(raw[0])))
    parquet("groups.parquet", raw, pa.binary(), row_group_size=2, compression="zstd")

    twice = [picture(1), picture(2), picture(1), None, picture(1)]
    parquet("dictionary.parquet", twice, pa.dictionary(pa.int32(), pa.binary()))

    names = ["beside/picture.png", "https://example.org/a.png", "/absolute/a.png", "not there.png", None, ""]
    parquet("paths.parquet", names, pa.string(), "image_path")
    parquet("large_paths.parquet", names, pa.large_string(), "file_name")
    parquet("dictionary_paths.parquet", names, pa.dictionary(pa.int8(), pa.string()), "path")
    parquet("view_paths.parquet", names, pa.string_view(), "url")

    dotted = [value(picture(3)), value(picture(4))]
    parquet("dotted.parquet", dotted, IMAGE, "data.image", others={"data": pa.array([picture(5)] * 2)})
    both = {"path": ["x.png", "y.png"], "image": pa.array([1, 2])}
    parquet("named.parquet", dotted, IMAGE, "left picture", others=both)

    many = [picture(at % 7) for at in range(5000)]
    parquet("many.parquet", many, pa.binary(), row_group_size=1500, compression="zstd")
    parquet("no_rows.parquet", [], IMAGE)
    pages = {"write_page_index": True, "data_page_size": 2048, "use_dictionary": False}
    parquet("many_pages.parquet", many[:700], pa.binary(), row_group_size=400, **pages)
    structs = [None if at % 50 == 3 else value(picture(at % 7), f"{at}.png") for at in range(120)]
    parquet("pages.parquet", structs, IMAGE, row_group_size=80, **pages)
    for name, count in {"many.parquet": 5000, "many_pages.parquet": 700}.items():
        EXPECTED[name] = {"rows": count, "sha256": [sha256(picture(at)) for at in range(7)]}

    lists = pa.array([[1, 2], [3]], pa.list_(pa.uint8()))
    pq.write_table(table(label=[1, 2], caption=["a", "b"], image=lists), FOLDER / "no_pictures.parquet")


# NumPy


def make_arrays():
    """As numpy.save writes embeddings: eighths, counted up."""
    for name, shape in {"floats.npy": (3, 2), "none.npy": (0, 5), "many.npy": (1000, 1)}.items():
        values = np.arange(shape[0] * shape[1], dtype="<f4") / 8
        np.save(FOLDER / name, values.reshape(shape))


def main():
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "beside").mkdir(exist_ok=True)
    (FOLDER / "beside" / "picture.png").write_bytes(picture(200))
    make_tars()
    make_parquet()
    make_arrays()
    lines = [f" {json.dumps(name)}: {json.dumps(rows)}" for name, rows in EXPECTED.items()]
    (FOLDER / "expected.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
