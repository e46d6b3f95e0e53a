"""Makes encoded.json: small encoded pictures, and the RGB that transformers' `load_image` makes of each.

Run it as `python test/reference/make_encoded.py`; it needs transformers and Pillow. Each entry has `name`, `file` (the
picture in base64), and either `width`, `height` and `rgb` (base64) or `error` (Pillow's exception). Entries of `unread`
have the first bytes of pictures in other formats.
"""

import base64
import io
import json
import random
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import PIL
import torchvision_cpu  # noqa: F401 - before transformers, which imports torchvision
import transformers
from PIL import Image
from small_pictures import (
    EXIF_SEGMENT,
    XMP,
    XMP_SEGMENT,
    bmp,
    bmp_rows,
    chunk,
    encoded,
    exif,
    international,
    jpeg,
    pixels,
    png,
    profile,
    riff,
    segment,
    tiff,
    webp,
    xmp,
)
from transformers.image_utils import load_image

TURNS = range(2, 9)


def jpegs():
    exif_in = lambda *arguments, **options: segment(EXIF_SEGMENT + exif(*arguments, **options))  # noqa: E731
    xmp_in = lambda *arguments: segment(XMP_SEGMENT + xmp(*arguments))  # noqa: E731
    for turn in TURNS:
        yield f"JPEG, EXIF {turn} after the frame", jpeg(exif_in(turn), at="after frame")
        yield f"JPEG, XMP attribute {turn}", jpeg(xmp_in(turn))
        yield f"JPEG, XMP element {turn}", jpeg(xmp_in(turn, "element"), at="after frame")
    yield "JPEG, EXIF right before the scan", jpeg(exif_in(8), at="scan")
    yield "JPEG, EXIF in the other order of bytes", jpeg(exif_in(6, order=">"))
    for kind, value in [("BYTE", 6), ("UNDEFINED", 6), ("ASCII", b"6\0"), ("LONG", 6), ("SBYTE", 6), ("SSHORT", 6)]:
        yield f"JPEG, EXIF of type {kind}", jpeg(exif_in(value, kind), xmp_in(3))
    yield "JPEG, EXIF of type FLOAT", jpeg(exif_in(6.0, "FLOAT"))
    yield "JPEG, EXIF of type DOUBLE", jpeg(exif_in(6.0, "DOUBLE"))
    yield "JPEG, EXIF of type FLOAT, broken number", jpeg(exif_in(6.5, "FLOAT"))
    yield "JPEG, EXIF of type RATIONAL", jpeg(exif_in((12, 2), "RATIONAL"))
    yield "JPEG, EXIF of two values", jpeg(exif_in((6, 3)))
    yield "JPEG, EXIF of three values", jpeg(exif_in((8, 3, 1)))
    yield "JPEG, EXIF of no value", jpeg(segment(EXIF_SEGMENT + no_value()), xmp_in(3))
    for value in (0, 1, 9, 65535):
        yield f"JPEG, EXIF {value} and XMP 6", jpeg(exif_in(value), xmp_in(6))
    yield "JPEG, EXIF without a turn and XMP 6", jpeg(exif_in(300, tag=0x011A), xmp_in(6))
    yield "JPEG, XMP 6 and then 3", jpeg(xmp_in(6), xmp_in(3))
    yield "JPEG, XMP 0", jpeg(xmp_in(0))
    yield "JPEG, XMP 9", jpeg(xmp_in(9))
    yield "JPEG, XMP in single quotes", jpeg(xmp_in(6, "single"))
    yield "JPEG, XMP of two digits", jpeg(xmp_in(66))
    whole = exif(6)
    yield "JPEG, EXIF in two segments", jpeg(segment(EXIF_SEGMENT + whole[:12]), segment(EXIF_SEGMENT + whole[12:]))
    yield "JPEG, EXIF twice", jpeg(exif_in(6), exif_in(3))
    yield "JPEG, EXIF behind its prefix twice", jpeg(segment(EXIF_SEGMENT * 2 + whole))
    yield "JPEG, EXIF cut off in its directory", jpeg(segment(EXIF_SEGMENT + whole[:16]), xmp_in(6))
    yield "JPEG, EXIF whose directory is elsewhere", jpeg(segment(EXIF_SEGMENT + whole[:4] + b"\xff" * 4), xmp_in(6))
    yield "JPEG, fill bytes before a marker", jpeg(b"\xff" * 3 + exif_in(6)[1:])
    yield "JPEG, bytes between segments", jpeg(segment(b"a comment", 0xFE), b"\0\1\2", exif_in(6))
    yield "JPEG, segment of another kind in APP1", jpeg(segment(b"Meta\0\0" + whole))


def no_value():
    whole = bytearray(exif(6))
    whole[14:18] = bytes(4)
    return bytes(whole)


def pngs():
    rgb = pixels()
    eight = lambda value: chunk(b"eXIf", exif(value))  # noqa: E731
    magick = lambda value: b"Raw profile type exif\0" + profile(b"Exif\0\0" + exif(value))  # noqa: E731
    for turn in TURNS:
        yield f"PNG, eXIf {turn} after the pixels", png(rgb, after=[eight(turn)])
        yield f"PNG, 16-bit grey, eXIf {turn}", png(deep_grey(), before=[eight(turn)])
        yield f"PNG, 16-bit colour, eXIf {turn}", png(rgb.astype(np.uint16) * 257, before=[eight(turn)])
    yield "PNG, eXIf before and after the pixels", png(rgb, before=[eight(6)], after=[eight(3)])
    yield "PNG, eXIf behind a prefix", png(rgb, before=[chunk(b"eXIf", b"Exif\0\0" + exif(6))])
    yield "PNG, eXIf of type BYTE", png(rgb, before=[chunk(b"eXIf", exif(6, "BYTE"))])
    yield "PNG, eXIf after the end", png(rgb) + eight(6)
    for place in ("before", "after"):
        yield f"PNG, tEXt profile {place}", png(rgb, **{place: [chunk(b"tEXt", magick(6))]})
        yield f"PNG, zTXt profile {place}", png(rgb, **{place: [chunk(b"zTXt", packed(magick(8)))]})
        keyword, text = magick(5).split(b"\0", 1)
        yield f"PNG, iTXt profile {place}", png(rgb, **{place: [international(keyword, text)]})
        yield f"PNG, packed iTXt profile {place}", png(rgb, **{place: [international(keyword, text, packed=True)]})
        yield f"PNG, iTXt XMP {place}", png(rgb, **{place: [international(b"XML:com.adobe.xmp", xmp(6))]})
    yield "PNG, packed iTXt XMP element", png(rgb, [international(b"XML:com.adobe.xmp", xmp(7, "element"), packed=True)])
    yield "PNG, tEXt XMP", png(rgb, [chunk(b"tEXt", b"XML:com.adobe.xmp\0" + xmp(4))])
    yield "PNG, tEXt exif", png(rgb, [chunk(b"tEXt", b"exif\0" + exif(4))])
    yield "PNG, profile and eXIf", png(rgb, [chunk(b"tEXt", magick(6)), eight(3)])
    yield "PNG, profile and XMP", png(rgb, [international(b"XML:com.adobe.xmp", xmp(3)), chunk(b"tEXt", magick(6))])
    yield "PNG, XMP twice", png(rgb, [international(b"XML:com.adobe.xmp", xmp(turn)) for turn in (6, 8)])
    yield "PNG, wrong checksum of the pixels", png(rgb, checksum=1)
    yield "PNG, wrong checksums of the pixels' parts", png(rgb, checksum=0xFFFF, parts=4)
    yield "PNG, wrong checksum of the pixels, lying", png(rgb, checksum=1, after=[eight(6)])
    yield "PNG, wrong checksum of 16-bit grey", png(deep_grey(), checksum=1)
    yield "PNG, wrong Adler-32", png(rgb, adler=1)
    yield "PNG, wrong checksum and cut short", png(pixels(64, 64), checksum=1, cut=200)
    palette = Image.fromarray(rgb).quantize(7)
    yield "PNG, palette, eXIf", encoded(palette, "PNG", exif=b"Exif\0\0" + exif(6))


def packed(text):
    """A keyword and a text as zTXt holds them."""
    keyword, body = text.split(b"\0", 1)
    return keyword + b"\0\0" + zlib.compress(body)


def deep_grey():
    """Values around 255, where clipping shows."""
    return (pixels()[..., 0].astype(np.uint16) * 2 + pixels()[..., 1]).astype(np.uint16)


def webps():
    for turn in TURNS:
        yield f"WebP, XMP {turn}", webp(riff(b"XMP ", xmp(turn, "element")), flags=4)
    yield "WebP, EXIF", webp(riff(b"EXIF", exif(6)), flags=8)
    yield "WebP, EXIF behind a prefix", webp(riff(b"EXIF", b"Exif\0\0" + exif(6)), flags=8)
    yield "WebP, EXIF and XMP", webp(riff(b"EXIF", exif(6)), riff(b"XMP ", xmp(3)), flags=12)
    yield "WebP, EXIF of type BYTE", webp(riff(b"EXIF", exif(6, "BYTE")), flags=8)
    yield "WebP, XMP that the header does not tell of", webp(riff(b"XMP ", xmp(6)), flags=0)
    yield "WebP, XMP twice", webp(riff(b"XMP ", xmp(6)), riff(b"XMP ", xmp(3)), flags=4)


def tiffs():
    rgb = pixels()
    for turn in TURNS:
        yield f"TIFF, turn {turn}", tiff(rgb, [(0x0112, 3, struct.pack("<H", turn))])
        yield f"TIFF, XMP {turn}", tiff(rgb, [(XMP, 1, xmp(turn))])
        for order, name in (("<", "little"), (">", "big")):
            tag = (0x0112, 3, struct.pack(order + "H", turn))
            yield f"TIFF, 16-bit grey, {name}-endian, turn {turn}", tiff(deep_grey(), [tag], order)
        yield f"TIFF, grey, turn {turn}", tiff(rgb[..., 0], [(0x0112, 3, struct.pack("<H", turn))])
    yield "TIFF, XMP of type UNDEFINED", tiff(rgb, [(XMP, 7, xmp(6, "element"))])
    yield "TIFF, turn of type BYTE", tiff(rgb, [(0x0112, 1, b"\6"), (XMP, 1, xmp(3))])
    yield "TIFF, turn of type LONG", tiff(rgb, [(0x0112, 4, struct.pack("<I", 6))])
    yield "TIFF, turn 1 and XMP 6", tiff(rgb, [(0x0112, 3, struct.pack("<H", 1)), (XMP, 1, xmp(6))])
    image = Image.fromarray(rgb)
    yield "TIFF, big, turn", encoded(image, "TIFF", big_tiff=True, tiffinfo={0x0112: 6})
    yield "TIFF, LZW, turn", encoded(image, "TIFF", compression="tiff_lzw", tiffinfo={0x0112: 5})
    yield "TIFF, LZW, XMP", encoded(image, "TIFF", compression="tiff_lzw", tiffinfo={XMP: xmp(6)})


def avifs():
    image = Image.fromarray(pixels(32, 16))
    options = {"quality": 100, "subsampling": "4:4:4"}
    for turn in TURNS:
        yield f"AVIF, XMP {turn}", encoded(image, "AVIF", xmp=xmp(turn), **options)
        yield f"AVIF, turn {turn}", encoded(image, "AVIF", exif=b"Exif\0\0" + exif(turn), **options)
    turned = encoded(image, "AVIF", exif=b"Exif\0\0" + exif(6), xmp=xmp(3), **options)
    yield "AVIF, turn and XMP", turned
    no_turn = encoded(image, "AVIF", exif=b"Exif\0\0" + exif(300, tag=0x011A), xmp=xmp(6), **options)
    yield "AVIF, EXIF without a turn and XMP", no_turn


def bmps():
    rng = random.Random(7)
    colours = [bytes(rng.randrange(256) for _ in range(3)) for _ in range(256)]
    table = lambda count, size=4: b"".join(colour + b"\0" * (size - 3) for colour in colours[:count])  # noqa: E731
    rows = lambda width, height=4: [[rng.randrange(256) for _ in range(width)] for _ in range(height)]  # noqa: E731
    for width in range(1, 6):
        yield f"BMP, 24 bits, {width} wide", bmp(width, 4, 24, bmp_rows(rows(3 * width)))
        yield f"BMP, 8 bits, {width} wide", bmp(width, 4, 8, bmp_rows(rows(width)), table(256))
        yield f"BMP, 4 bits, {width} wide", bmp(width, 4, 4, bmp_rows(rows((width + 1) // 2)), table(16))
        yield f"BMP, 16 bits, {width} wide", bmp(width, 4, 16, bmp_rows(rows(2 * width)))
    for width in (1, 7, 8, 9, 33):
        yield f"BMP, 1 bit, {width} wide", bmp(width, 4, 1, bmp_rows(rows((width + 7) // 8)), table(2))
    grey = b"".join(bytes([i, i, i, 0]) for i in range(256))
    yield "BMP, 1 bit, black and white", bmp(9, 4, 1, bmp_rows(rows(2)), bytes([0, 0, 0, 0, 255, 255, 255, 0]))
    yield "BMP, 1 bit, white and black", bmp(9, 4, 1, bmp_rows(rows(2)), bytes([255, 255, 255, 0, 0, 0, 0, 0]))
    yield "BMP, 8 bits, grey", bmp(5, 4, 8, bmp_rows(rows(5)), grey)
    yield "BMP, 8 bits, few colours", bmp(5, 4, 8, bmp_rows(rows(5)), table(20), colours=20)
    yield "BMP, 4 bits, few colours", bmp(6, 4, 4, bmp_rows(rows(3)), table(5), colours=5)
    yield "BMP, 32 bits", bmp(3, 4, 32, bmp_rows(rows(12)))
    yield "BMP, from the top", bmp(3, -4, 24, bmp_rows(rows(9)))
    yield "BMP, 8 bits, from the top", bmp(5, -4, 8, bmp_rows(rows(5)), table(256))
    for header in (52, 56, 64, 108, 124):
        yield f"BMP, header of {header}", bmp(3, 4, 24, bmp_rows(rows(9)), header=header)
        yield f"BMP, 8 bits, header of {header}", bmp(3, 4, 8, bmp_rows(rows(3)), table(256), header=header)
    yield "BMP, OS/2", bmp(3, 4, 24, bmp_rows(rows(9)), header=12)
    yield "BMP, OS/2, 8 bits", bmp(3, 4, 8, bmp_rows(rows(3)), table(256, 3), header=12)
    yield "BMP, OS/2, 1 bit", bmp(9, 4, 1, bmp_rows(rows(2)), table(2, 3), header=12)
    yield "BMP, a gap before the pixels", bmp(3, 4, 24, bmp_rows(rows(9)), gap=10)
    yield "BMP, 8 bits, a gap before the pixels", bmp(3, 4, 8, bmp_rows(rows(3)), table(256), gap=6)
    yield "BMP, no place of the pixels", bmp(3, 4, 24, bmp_rows(rows(9)), offset=0)
    yield "BMP, 8 bits, no place of the pixels", bmp(3, 4, 8, bmp_rows(rows(3)), table(256), offset=0)
    yield "BMP, 8 bits, pixels said to be at the palette", bmp(3, 4, 8, bmp_rows(rows(3)), table(256), offset=54)
    fields = lambda *masks: struct.pack("<" + "I" * len(masks), *masks)  # noqa: E731
    five, six = fields(0x7C00, 0x3E0, 0x1F), fields(0xF800, 0x7E0, 0x1F)
    for name, masks in (("555", five), ("565", six)):
        yield f"BMP, 16 bits, {name}", bmp(5, 4, 16, bmp_rows(rows(10)), compression=3, masks=masks)
        file = bmp(5, 4, 16, bmp_rows(rows(10)), compression=3, masks=masks, header=108)
        yield f"BMP, 16 bits, {name}, header of 108", file
    layouts = {
        "BGRX": (0xFF0000, 0xFF00, 0xFF, 0),
        "XBGR": (0xFF000000, 0xFF0000, 0xFF00, 0),
        "ABGR": (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
        "RGBA": (0xFF, 0xFF00, 0xFF0000, 0xFF000000),
        "BGRA": (0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        "BGAR": (0xFF000000, 0xFF00, 0xFF, 0xFF0000),
        "nothing": (0, 0, 0, 0),
    }
    for name, masks in layouts.items():
        file = bmp(3, 4, 32, bmp_rows(rows(12)), compression=3, masks=fields(*masks), header=124)
        yield f"BMP, 32 bits, masks of {name}", file
    yield "BMP, 32 bits, masks behind the header", bmp(
        3, 4, 32, bmp_rows(rows(12)), compression=3, masks=fields(0xFF0000, 0xFF00, 0xFF)
    )
    end, over, move = b"\0\0", b"\0\1", lambda right, up: bytes([0, 2, right, up])
    runs = bytes([3, 7, 4, 9]) + end + bytes([0, 5, 1, 2, 3, 4, 5, 0, 2, 8]) + end + move(2, 1)
    runs += bytes([3, 1]) + end + bytes([7, 200]) + end + over
    yield "BMP, RLE8", bmp(7, 5, 8, runs, table(256), compression=1)
    yield "BMP, RLE8, no end of the last row", bmp(4, 2, 8, bytes([4, 1]) + end + bytes([4, 2]), table(256), compression=1)
    yield "BMP, RLE8, runs over the row's end", bmp(4, 2, 8, bytes([9, 1]) + end + bytes([6, 2]) + end, table(256), compression=1)
    yield "BMP, RLE8, cut short", bmp(4, 3, 8, bytes([4, 1]) + end + bytes([4, 2]), table(256), compression=1)
    runs = bytes([5, 0x12, 2, 0x30]) + end + bytes([0, 4, 0x12, 0x34, 3, 0x56]) + end + bytes([7, 0xAB]) + end + over
    yield "BMP, RLE4", bmp(7, 3, 4, runs, table(16), compression=2)
    yield "BMP, cut short", bmp(3, 4, 24, bmp_rows(rows(9)))[:-1]
    yield "BMP, 8 bits, cut short", bmp(5, 4, 8, bmp_rows(rows(5)), table(256))[:-4]
    yield "BMP, only its header", bmp(3, 4, 24, b"")
    yield "BMP, of no width", bmp(0, 4, 24, b"")
    yield "BMP, a JPEG within", bmp(3, 4, 24, b"abc", compression=4)
    yield "BMP, 2 bits", bmp(3, 4, 2, bmp_rows(rows(1)), table(4))


def netpbms():
    rng = random.Random(11)
    some = lambda count, most: [rng.randrange(most + 1) for _ in range(count)]  # noqa: E731
    text = lambda values: " ".join(map(str, values)).encode()  # noqa: E731
    wide = lambda values: b"".join(struct.pack(">H", value) for value in values)  # noqa: E731
    yield "PBM, plain", b"P1\n# drawn\n5 3\n1 0 1 0 1\n01010\n# more\n11 001\n"
    yield "PBM, plain, cut short", b"P1\n5 3\n1 0 1 0 1\n0101"
    yield "PBM, plain, other digits", b"P1\n2 1\n12\n"
    for width in (1, 7, 8, 9, 17):
        yield f"PBM, raw, {width} wide", b"P4 %d 3\n" % width + bytes(some(3 * ((width + 7) // 8), 255))
    yield "PBM, raw, cut short", b"P4 9 3\n" + bytes(5)
    for most in (1, 15, 100, 254, 255):
        yield f"PGM, plain, up to {most}", b"P2\n4 3\n%d\n" % most + text(some(12, most))
        yield f"PPM, plain, up to {most}", b"P3\n4 3\n%d\n" % most + text(some(36, most)) + b"\n"
        yield f"PGM, raw, up to {most}", b"P5\n4 3\n%d\n" % most + bytes(some(12, most))
        yield f"PPM, raw, up to {most}", b"P6\n4 3\n%d\n" % most + bytes(some(36, most))
    for most in (256, 511, 1023, 65535):
        yield f"PGM, plain, up to {most}", b"P2\n4 3\n%d\n" % most + text(some(12, most))
        yield f"PPM, plain, up to {most}", b"P3\n4 3\n%d\n" % most + text(some(36, most))
        yield f"PGM, raw, up to {most}", b"P5\n4 3\n%d\n" % most + wide(some(12, min(most, 600)))
        yield f"PPM, raw, up to {most}", b"P6\n4 3\n%d\n" % most + wide(some(36, most))
    yield "PPM, every value up to 510", b"P6\n171 1\n510\n" + wide([*range(511), 510, 510])
    yield "PPM, values over the largest", b"P6\n2 1\n100\n" + bytes([0, 50, 100, 101, 200, 255])
    yield "PPM, plain, a value over the largest", b"P3\n1 1\n100\n0 50 101"
    yield "PPM, comments", b"P6\n# one\n#two\n4 # wide\n3 #high\n255\n" + bytes(some(36, 255))
    yield "PPM, plain, comments", b"P3\n2 1\n255\n1 2 3 # four\n4 5 6\n"
    yield "PPM, other white space", b"P6\t4\r\n3\x0b255 " + bytes(some(36, 255))
    yield "PPM, more than its pixels", b"P6\n4 3\n255\n" + bytes(some(50, 255))
    yield "PPM, cut short", b"P6\n4 3\n255\n" + bytes(35)
    yield "PPM, up to 100, cut short", b"P6\n4 3\n100\n" + bytes(35)
    yield "PPM, plain, cut short", b"P3\n2 1\n255\n1 2 3 4 5"
    yield "PPM, no largest value", b"P6\n4 3\n"
    yield "PPM, largest value 0", b"P6\n4 3\n0\n" + bytes(36)
    yield "PPM, largest value 65536", b"P6\n4 3\n65536\n" + bytes(72)
    yield "PPM, no number", b"P6\nfour 3\n255\n" + bytes(36)
    yield "PPM, of no width", b"P6\n0 3\n255\n"


def others():
    """Pictures in formats that are not read, as Pillow writes them."""
    rgb = Image.fromarray(pixels(16, 16))
    for kind in ("ICO", "TGA", "PCX", "SGI", "JPEG2000", "ICNS", "DDS", "QOI", "PDF", "EPS"):
        yield kind, encoded(rgb, kind)
    yield "TGA, packed", encoded(rgb, "TGA", compression="tga_rle")
    yield "TGA, grey", encoded(rgb.convert("L"), "TGA")
    yield "TGA, palette", encoded(rgb.quantize(9), "TGA")
    yield "TGA, RGBA, with an id", encoded(rgb.convert("RGBA"), "TGA", id_section=b"named")
    yield "XBM", encoded(rgb.convert("1"), "XBM")
    yield "PFM", encoded(rgb.convert("F"), "PPM")


def result(file):
    """From memory: Pillow maps some files by name instead, and then mixes up the pixels of TIFF pictures that lie."""
    try:
        with warnings.catch_warnings(action="ignore"):
            image = load_image(Image.open(io.BytesIO(file)))
    except Exception as error:
        return {"error": type(error).__name__}
    rgb = np.asarray(image)
    return {"width": image.width, "height": image.height, "rgb": base64.b64encode(rgb.tobytes()).decode()}


def main():
    makers = (jpegs, pngs, webps, tiffs, avifs, bmps, netpbms)
    cases = [
        {"name": name, "file": base64.b64encode(file).decode(), **result(file)} for make in makers for name, file in make()
    ]
    unread = [{"name": name, "file": base64.b64encode(file[:512]).decode()} for name, file in others()]
    made_with = {module.__name__: module.__version__ for module in (transformers, PIL)}
    listed = lambda entries: ",\n".join(f"    {json.dumps(entry)}" for entry in entries)  # noqa: E731
    lists = f'  "cases": [\n{listed(cases)}\n  ],\n  "unread": [\n{listed(unread)}\n  ]\n'
    text = f'{{\n  "made_with": {json.dumps(made_with)},\n{lists}}}\n'
    (Path(__file__).parent / "encoded.json").write_text(text)
    print(f"{len(cases)} pictures, {sum('error' in case for case in cases)} of them refused")


if __name__ == "__main__":
    main()
