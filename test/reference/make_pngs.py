"""Makes pngs.json: PNGs of every colour type, depth and filter, whole and odd, and the RGB that transformers' `load_image`
makes of each.

Run it as `python test/reference/make_pngs.py`; it needs transformers and Pillow. The entries are those of encoded.json.
"""

import base64
import itertools
import json
import random
import struct
import zlib
from pathlib import Path

import PIL
import torchvision_cpu  # noqa: F401 - before transformers, which imports torchvision
import transformers
from make_encoded import result
from small_pictures import PNG_SIGNATURE, chunk, exif

# Colour types with their depths and the samples of a pixel (PNG, third edition, 11.2.1).
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
NAMES = {GREY: "grey", RGB: "RGB", PALETTE: "palette", GREY_ALPHA: "grey with alpha", RGBA: "RGBA"}
MIXED = None  # as a filter: each row has its own
WIDTHS = (1, 2, 3, 5, 7, 8, 9, 13, 17, 33)
HEIGHT = 5
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # Adam7


def some(count, seed):
    return random.Random(seed).randbytes(count)


def rows(colour, depth, width, height, filter, seed):
    """Filtered rows of made-up bytes: whatever they are, the filter makes pixels of them."""
    size = (width * SAMPLES[colour] * depth + 7) // 8
    content = some((size + 1) * height, seed)
    lines = [content[at : at + size + 1] for at in range(0, len(content), size + 1)] if width else []
    return b"".join(bytes([line[0] % 5 if filter is MIXED else filter]) + line[1:] for line in lines)


def interlaced_rows(colour, depth, width, height, seed):
    parts = []
    for x, y, right, down in PASSES:
        columns, lines = -(-(width - x) // right), -(-(height - y) // down)
        if columns > 0 and lines > 0:
            parts.append(rows(colour, depth, columns, lines, MIXED, seed + x + 8 * y))
    return b"".join(parts)


def header(colour, depth, width, height=HEIGHT, interlace=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace))


def palette(count, seed):
    return chunk(b"PLTE", some(3 * count, seed + 1))


def transparency(colour, depth, seed):
    """Alpha of a palette's first two colours, or a colour that is transparent."""
    if colour == PALETTE:
        return chunk(b"tRNS", some(2, seed + 2))
    values = [value % 2**depth for value in struct.unpack(">3H", some(6, seed + 2))]
    return chunk(b"tRNS", struct.pack(">" + "H" * SAMPLES[colour], *values[: SAMPLES[colour]]))


def png(colour, depth, width, height=HEIGHT, filter=MIXED, seed=1, transparent=False, interlace=0, **more):
    """`colours`, `data`, `packed`, `before`, `after` and `parts` stand in for what is otherwise made up or left out."""
    made = interlaced_rows(colour, depth, width, height, seed) if interlace else rows(colour, depth, width, height, filter, seed)
    packed = more.get("packed", zlib.compress(more.get("data", made)))
    parts = more.get("parts", 1)
    step = -(-len(packed) // parts) or 1
    chunks = [header(colour, depth, width, height, interlace)]
    if colour == PALETTE:
        chunks.append(palette(more.get("colours", min(2**depth, 256)), seed))
    if transparent:
        chunks.append(transparency(colour, depth, seed))
    chunks += more.get("before", [])
    chunks += [chunk(b"IDAT", packed[at : at + step]) for at in range(0, len(packed), step)]
    return PNG_SIGNATURE + b"".join([*chunks, *more.get("after", []), chunk(b"IEND", b"")])


def kinds():
    """Every colour type and depth with every filter, in odd widths; Pillow does not read grey of 16 bits with tRNS alike."""
    widths = itertools.cycle(WIDTHS)
    for colour, depths in DEPTHS.items():
        for depth, filter in itertools.product(depths, (0, 1, 2, 3, 4, MIXED)):
            name = f"{NAMES[colour]}, {depth} bits, {'mixed filters' if filter is MIXED else f'filter {filter}'}"
            width = next(widths)
            yield name, png(colour, depth, width, filter=filter, seed=width + depth)
            if colour in (GREY_ALPHA, RGBA) or (colour, depth) == (GREY, 16):
                continue
            yield f"{name}, tRNS", png(colour, depth, width, filter=filter, seed=width + depth, transparent=True)
        for depth in depths:
            yield f"{NAMES[colour]}, {depth} bits, interlaced", png(colour, depth, 11, 9, seed=depth, interlace=1)


def chunks_around():
    """What changes no pixels."""
    number = lambda *values: struct.pack(">" + "I" * len(values), *values)  # noqa: E731
    primaries = number(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
    frame = lambda index: number(index, 9, HEIGHT, 0, 0) + struct.pack(">HHBB", 1, 10, 0, 0)  # noqa: E731
    still = rows(RGB, 8, 9, HEIGHT, MIXED, 99)
    for colour, depth in ((RGB, 8), (GREY, 16), (PALETTE, 4), (RGBA, 16)):
        name = f"{NAMES[colour]}, {depth} bits"
        yield f"{name}, gAMA", png(colour, depth, 9, before=[chunk(b"gAMA", number(45455))])
        yield f"{name}, gAMA 1.0 and cHRM", png(
            colour, depth, 9, before=[chunk(b"gAMA", number(100000)), chunk(b"cHRM", primaries)]
        )
        yield f"{name}, sRGB", png(colour, depth, 9, before=[chunk(b"sRGB", b"\0")])
        yield f"{name}, in many parts", png(colour, depth, 9, parts=40)
        yield f"{name}, bytes after the end", png(colour, depth, 9) + b"more of them"
    for depth in (2, 4, 8):
        yield f"palette, {depth} bits, colours beyond it", png(PALETTE, depth, 33, colours=3)
    yield "RGB, a second frame", png(
        RGB,
        8,
        9,
        before=[chunk(b"acTL", number(2, 0)), chunk(b"fcTL", frame(0))],
        after=[chunk(b"fcTL", frame(1)), chunk(b"fdAT", number(2) + zlib.compress(still))],
    )
    yield "RGB, a suggested palette", png(RGB, 8, 9, before=[palette(20, 3)])
    yield "RGB, EXIF upright", png(RGB, 8, 9, before=[chunk(b"eXIf", exif(1))])
    yield "RGB, an unknown chunk", png(RGB, 8, 9, before=[chunk(b"niCe", b"content")])


def broken():
    """Files that end early, say what cannot be or have too much."""
    data = rows(RGB, 8, 9, HEIGHT, MIXED, 1)
    packed = zlib.compress(data)
    whole = png(RGB, 8, 9)
    pixels_at = whole.index(b"IDAT")
    for name, end in (("header", 20), ("pixels", pixels_at + 40), ("pixels' checksum", len(whole) - 14), ("end", len(whole) - 6)):
        yield f"RGB, cut off in its {name}", whole[:end]
    yield "RGB, no pixels", PNG_SIGNATURE + header(RGB, 8, 9) + chunk(b"IEND", b"")
    yield "RGB, a row too few", png(RGB, 8, 9, data=data[:-28])
    yield "RGB, a row too many", png(RGB, 8, 9, data=data + data[:28])
    yield "RGB, bytes after its data", png(RGB, 8, 9, packed=packed + b"more")
    yield "RGB, no data", png(RGB, 8, 9, packed=b"not zlib's")
    yield "RGB, an unknown filter", png(RGB, 8, 9, data=b"\x05" + data[1:])
    yield "RGB, wrong Adler-32", png(RGB, 8, 9, packed=packed[:-1] + bytes([packed[-1] ^ 1]))
    yield "RGB, wrong checksum of its header", whole[:29] + bytes([whole[29] ^ 1]) + whole[30:]
    yield "RGB, an unknown chunk that matters", png(RGB, 8, 9, before=[chunk(b"NICE", b"content")])
    yield "RGB, Apple's first chunk", PNG_SIGNATURE + chunk(b"CgBI", bytes([0x50, 0, 0x20, 2])) + whole[8:]
    yield "RGB, of no width", png(RGB, 8, 0)
    yield "RGB, of no height", png(RGB, 8, 9, 0)
    yield "RGB, depth 3", png(RGB, 3, 9)
    yield "colour type 5", PNG_SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 5, 8, 5, 0, 0, 0)) + whole[33:]
    yield "palette, none there", png(PALETTE, 8, 9).replace(palette(256, 1), b"")
    yield "the signature alone", PNG_SIGNATURE


def listed(files):
    cases = [{"name": name, "file": base64.b64encode(file).decode(), **result(file)} for name, file in files]
    return "[\n" + ",\n".join(f"    {json.dumps(case)}" for case in cases) + "\n  ]"


def main():
    groups = {"cases": [*kinds(), *chunks_around()], "odd": list(broken())}
    made_with = {module.__name__: module.__version__ for module in (transformers, PIL)}
    lists = ",\n".join(f'  "{name}": {listed(files)}' for name, files in groups.items())
    text = f'{{\n  "made_with": {json.dumps(made_with)},\n{lists}\n}}\n'
    (Path(__file__).parent / "pngs.json").write_text(text)
    print({name: len(files) for name, files in groups.items()})


if __name__ == "__main__":
    main()
