"""Makes the picture files in images/: one photograph or another in every encoding that the decoder must get right.

The photographs come from scikit-image (origin and licence in images/README.md), made small. Called by make_images.py.
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageDraw
from skimage import data

ORIENTATION = 0x0112  # the EXIF tag


def photographs():
    """Four downsized photographs of odd sizes by name, as RGB images."""

    def small(pixels, size):
        return Image.fromarray(pixels).convert("RGB").resize(size, Image.Resampling.LANCZOS)

    return {
        "coffee": small(data.coffee(), (261, 175)),
        "chelsea": small(data.chelsea(), (225, 151)),
        "rocket": small(data.rocket()[:, 180:460], (163, 249)),
        "kitten": small(data.chelsea()[20:260, 100:400], (45, 37)),
    }


def swapped_profile():
    """An sRGB profile whose red and blue primaries are exchanged: whoever applies it shows it."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes([7, 218, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])  # its date of making: 2010-01-01
    table = bytes(profile[128:512]).replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")
    profile[128:512] = table
    return bytes(profile)


def with_alpha(image):
    """The picture with an alpha channel that is 0 in one half, partial in between: the colours below stay."""
    ramp = np.clip(np.linspace(-255, 510, image.width), 0, 255).astype(np.uint8)
    alpha = np.broadcast_to(ramp, (image.height, image.width))
    return Image.fromarray(np.dstack([np.asarray(image), alpha]), "RGBA")


def with_black(image):
    """The picture in CMYK, half of what its three inks share printed in black (Pillow itself uses no black)."""
    inks = 255 - np.asarray(image).astype(np.float64)
    black = inks.min(axis=2, keepdims=True) / 2
    parts = np.concatenate([(inks - black) / (255 - black) * 255, black], axis=2)
    return Image.fromarray(parts.round().astype(np.uint8), "CMYK")


def sixteen_bit_png(pixels):
    """A PNG file of uint16 pixels [h, w] or [h, w, 3] (Pillow writes no 16-bit colour)."""
    import struct
    import zlib

    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, 2 if pixels.ndim == 3 else 0, 0, 0, 0)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def without_adobe_marker(jpeg):
    """The JPEG file less its APP14 segment."""
    at = jpeg.index(b"\xff\xee")
    return jpeg[:at] + jpeg[at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big") :]


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpegs(photo):
    coffee, chelsea, rocket, kitten = photo["coffee"], photo["chelsea"], photo["rocket"], photo["kitten"]
    yield "baseline_420.jpg", encoded(coffee, "JPEG", quality=85, subsampling="4:2:0")
    yield "baseline_422.jpg", encoded(kitten, "JPEG", quality=85, subsampling="4:2:2")
    yield "baseline_444.jpg", encoded(chelsea, "JPEG", quality=90, subsampling="4:4:4")
    yield "progressive_420.jpg", encoded(rocket, "JPEG", quality=80, subsampling="4:2:0", progressive=True)
    yield "progressive_444.jpg", encoded(chelsea, "JPEG", quality=60, subsampling="4:4:4", progressive=True)
    yield "icc_swapped.jpg", encoded(chelsea, "JPEG", quality=85, icc_profile=swapped_profile())
    yield "grey.jpg", encoded(rocket.convert("L"), "JPEG", quality=85)
    cmyk = encoded(with_black(kitten), "JPEG", quality=90)
    yield "cmyk_adobe.jpg", cmyk
    yield "cmyk_plain.jpg", without_adobe_marker(cmyk)
    for orientation in [*range(1, 9), 9]:  # 9 means nothing and is ignored
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        yield f"exif_{orientation}.jpg", encoded(kitten, "JPEG", quality=90, exif=exif)
    yield "truncated.jpg", encoded(kitten, "JPEG", quality=90)[:900]


def pngs(photo):
    coffee, chelsea, kitten = photo["coffee"], photo["chelsea"], photo["kitten"]
    half = coffee.resize((131, 87), Image.Resampling.LANCZOS)
    yield "rgb.png", encoded(half, "PNG", optimize=True)
    yield "rgba.png", encoded(with_alpha(half), "PNG", optimize=True)
    yield "icc_swapped.png", encoded(kitten, "PNG", icc_profile=swapped_profile())
    palette = chelsea.quantize(64, dither=Image.Dither.NONE)
    yield "palette.png", encoded(palette, "PNG", optimize=True)
    yield "palette_transparent.png", encoded(palette, "PNG", transparency=bytes([0, 64, 128, 255] * 16))
    yield "palette_4bit.png", encoded(kitten.quantize(13), "PNG", bits=4)
    yield "rgb_transparent_colour.png", encoded(kitten, "PNG", transparency=kitten.getpixel((5, 5)))
    yield "grey.png", encoded(half.convert("L"), "PNG", optimize=True)
    yield "grey_alpha.png", encoded(with_alpha(kitten).convert("LA"), "PNG")
    yield "one_bit.png", encoded(chelsea.convert("1"), "PNG")
    wide = np.asarray(kitten).astype(np.uint16) * 257 + np.arange(45, dtype=np.uint16)[None, :, None]
    wide = np.minimum(wide, 65535 - 45).astype(np.uint16)
    yield "rgb_16.png", sixteen_bit_png(wide)
    yield "grey_16.png", sixteen_bit_png(wide[..., 1])
    yield "grey_16_dark.png", sixteen_bit_png(wide[..., 1] // 200)  # values about one byte, where clipping shows
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    yield "exif_6.png", encoded(kitten, "PNG", exif=exif)
    yield "one_pixel.png", encoded(Image.new("RGB", (1, 1), (200, 30, 77)), "PNG")
    yield "three_by_two.png", encoded(kitten.resize((3, 2)), "PNG")
    yield "strip_500x1.png", encoded(coffee.resize((500, 1)), "PNG")
    yield "strip_1x60.png", encoded(coffee.resize((1, 60)), "PNG")


def others(photo):
    coffee, kitten, rocket = photo["coffee"], photo["kitten"], photo["rocket"]
    yield "lossy.webp", encoded(rocket, "WEBP", quality=75)
    yield "lossless_alpha.webp", encoded(with_alpha(kitten), "WEBP", lossless=True, exact=True)
    yield "lossy_alpha.webp", encoded(with_alpha(kitten), "WEBP", quality=80, exact=True)
    exif = Image.Exif()
    exif[ORIENTATION] = 8
    yield "exif_8.webp", encoded(kitten, "WEBP", lossless=True, exif=exif)
    frames = []
    for step in range(3):
        frame = kitten.copy()
        ImageDraw.Draw(frame).rectangle([step * 10, 5, step * 10 + 8, 12], fill=(255, 40, 40))
        frames.append(frame)
    animation = {"save_all": True, "append_images": frames[1:], "duration": 100}
    yield "animated.gif", encoded(frames[0], "GIF", **animation)
    yield "animated.webp", encoded(frames[0], "WEBP", lossless=True, **animation)
    yield "still.gif", encoded(coffee.resize((87, 59)).quantize(32), "GIF")
    yield "rgb.tif", encoded(kitten, "TIFF", compression="tiff_lzw")


def write_pictures(folder: Path):
    """Writes every picture into `folder` and returns their names."""
    photo = photographs()
    files = dict([*jpegs(photo), *pngs(photo), *others(photo)])
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return list(files)
