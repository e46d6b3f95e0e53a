"""Small pictures as files, byte by byte: what Pillow itself does not write, and in orders that it does not choose."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

ORIENTATION = 0x0112
XMP = 700
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# What a type of TIFF holds, for `tiff`: its number and Python's letter for it.
TYPES = {
    "BYTE": (1, "B"),
    "ASCII": (2, "s"),
    "SHORT": (3, "H"),
    "LONG": (4, "I"),
    "RATIONAL": (5, "II"),
    "SBYTE": (6, "b"),
    "UNDEFINED": (7, "B"),
    "SSHORT": (8, "h"),
    "FLOAT": (11, "f"),
    "DOUBLE": (12, "d"),
}


def pixels(width=9, height=5, seed=1):
    """RGB of slow ramps, so that JPEG keeps them, and that no turn of them is another."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    planes = [x, y, (x + y * seed) / (1 + seed)]
    return (np.stack(planes, axis=2) * 255).round().astype(np.uint8)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif(value, kind="SHORT", order="<", tag=ORIENTATION, count=None):
    """EXIF's TIFF file with one tag; `value` may be several numbers."""
    number, letter = TYPES[kind]
    values = value if isinstance(value, (tuple, list)) else [value]
    body = value if isinstance(value, bytes) else struct.pack(order + letter * (len(values) // len(letter)), *values)
    size = struct.calcsize(order + letter)
    count = count or len(body) // size
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    field = body.ljust(4, b"\0") if len(body) <= 4 else struct.pack(order + "I", 26)
    entry = struct.pack(order + "HHHI", 1, tag, number, count) + field
    return start + entry + b"\0" * 4 + (body if len(body) > 4 else b"")


def xmp(orientation, form="attribute"):
    """A packet of XMP that tells an orientation, as an attribute or an element."""
    description = {
        "attribute": f'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{orientation}"/>',
        "element": "<rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/'>"
        f"<tiff:Orientation>{orientation}</tiff:Orientation></rdf:Description>",
        "single": f"<rdf:Description tiff:Orientation='{orientation}'/>",
    }[form]
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{description}</rdf:RDF></x:xmpmeta>'.encode()


def segment(content, marker=0xE1):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


EXIF_SEGMENT = b"Exif\0\0"
XMP_SEGMENT = b"http://ns.adobe.com/xap/1.0/\0"


def jpeg(*segments, at="start"):
    """A JPEG with these segments after its beginning, or between its frame and its scan."""
    plain = encoded(Image.fromarray(pixels(16, 8)), "JPEG", quality=95, subsampling=0)
    if at == "start":
        place = 2
    elif at == "after frame":
        place = plain.index(b"\xff\xc0")
        place += 2 + int.from_bytes(plain[place + 2 : place + 4], "big")
    else:
        place = plain.index(b"\xff\xda")
    return plain[:place] + b"".join(segments) + plain[place:]


def chunk(kind, content, checksum=0):
    """A chunk of PNG; `checksum` is what to change in the right one."""
    sum_ = zlib.crc32(kind + content) ^ checksum
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", sum_)


def png(values, before=(), after=(), checksum=0, parts=1, cut=0, adler=0):
    """A PNG of pixels [h, w] or [h, w, 3], in uint8 or uint16, with chunks before its pixels and after them."""
    height, width = values.shape[:2]
    depth = 16 if values.dtype == np.uint16 else 8
    rows = b"".join(b"\0" + row.astype(">u2" if depth == 16 else "u1").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, depth, 2 if values.ndim == 3 else 0, 0, 0, 0)
    data = zlib.compress(rows)
    data = data[: len(data) - 4] + struct.pack(">I", zlib.adler32(rows) ^ adler)
    data = data[: len(data) - cut]
    step = -(-len(data) // parts)
    idat = b"".join(chunk(b"IDAT", data[i : i + step], checksum) for i in range(0, len(data), step))
    return PNG_SIGNATURE + chunk(b"IHDR", header) + b"".join(before) + idat + b"".join(after) + chunk(b"IEND", b"")


def profile(content):
    """ImageMagick's text of a profile: three lines, then hexadecimal in lines of 72."""
    digits = content.hex()
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    return f"\nexif\n{len(content):8}\n".encode() + "\n".join(lines).encode() + b"\n"


def international(keyword, text, packed=False):
    body = zlib.compress(text) if packed else text
    return chunk(b"iTXt", keyword + b"\0" + bytes([packed, 0]) + b"en\0name\0" + body)


def webp(*chunks, flags):
    """A lossless WebP in the extended form with chunks after its pixels."""
    plain = encoded(Image.fromarray(pixels()), "WEBP", lossless=True)
    height, width = pixels().shape[:2]
    sizes = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    extended = riff(b"VP8X", bytes([flags, 0, 0, 0]) + sizes)
    body = b"WEBP" + extended + plain[12:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def tiff(values, tags=(), order="<"):
    """An uncompressed TIFF of pixels [h, w] or [h, w, 3]; `tags` are (number, type, bytes in this order)."""
    height, width = values.shape[:2]
    channels = 3 if values.ndim == 3 else 1
    depth = values.dtype.itemsize * 8
    pack = lambda letter, *numbers: struct.pack(order + letter * len(numbers), *numbers)  # noqa: E731
    strip = values.astype(values.dtype.newbyteorder(order)).tobytes()
    entries = [
        (256, 3, pack("H", width)),
        (257, 3, pack("H", height)),
        (258, 3, pack("H", *[depth] * channels)),
        (259, 3, pack("H", 1)),
        (262, 3, pack("H", 2 if channels == 3 else 1)),
        (273, 4, pack("I", 8)),
        (277, 3, pack("H", channels)),
        (278, 3, pack("H", height)),
        (279, 4, pack("I", len(strip))),
        *tags,
    ]
    strip += b"\0" * (len(strip) % 2)
    directory = 8 + len(strip)
    beyond = directory + 2 + 12 * len(entries) + 4
    fields, extra = b"", b""
    for tag, kind, content in sorted(entries):
        size = {1: 1, 3: 2, 4: 4, 7: 1}[kind]
        inline = content.ljust(4, b"\0") if len(content) <= 4 else pack("I", beyond + len(extra))
        extra += content if len(content) > 4 else b""
        fields += struct.pack(order + "HHI", tag, kind, len(content) // size) + inline
    start = (b"II*\0" if order == "<" else b"MM\0*") + pack("I", directory)
    return start + strip + pack("H", len(entries)) + fields + pack("I", 0) + extra


def bmp(width, height, bits, data, palette=b"", header=40, compression=0, colours=0, masks=b"", gap=0, offset=None):
    """A bitmap around pixel data; `masks` stand in the header or behind the shortest one."""
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(data), 2835, 2835, colours, 0)
        info = (info + masks).ljust(header, b"\0") if header > 40 else info + masks
    at = 14 + len(info) + len(palette) + gap
    body = info + palette + b"\xaa" * gap + data
    return b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, at if offset is None else offset) + body


def bmp_rows(rows):
    """Rows of bytes, each to a multiple of four, the lowest first."""
    return b"".join(bytes(row) + b"\0" * (-len(row) % 4) for row in reversed(rows))
