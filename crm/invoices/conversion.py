"""Turn a photo into a PDF of one upright page.

Runs in a process of its own (`sandbox.py`): what it reads comes from strangers. Memory is kept low by reading a
JPEG scaled down, and by turning what was read into the page band by band.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

from PIL import Image, JpegImagePlugin

from crm.invoices import rules

Transpose = Image.Transpose

A4_LONG_SIDE = 842  # points
# The longest side of the page's picture: 3000 pixels on A4 are 256 dpi. A JPEG is never scaled below the other.
MAX_SIDE = 3000
MIN_SIDE = 2400
QUALITY = 85
BAND = 256
ORIENTATION = 0x0112
# How to put upright what EXIF calls orientation 2 to 8 (EXIF 2.32, 4.6.4.A).
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
# What Pillow raises for files that break the rules of their format.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)


def image_to_pdf(source: Path, target: Path) -> None:
    """Write the picture as a PDF page of its own proportions, A4 on its longest side, without EXIF.

    Raises rules.Refused. Takes at most the first frame; transparency becomes white.
    """
    page = _read(source)
    # A title would be the name of a temporary file.
    resolution = max(page.size) * 72 / A4_LONG_SIDE
    page.save(target, "PDF", resolution=resolution, quality=QUALITY, title="")


def _read(source: Path) -> Image.Image:
    # Pillow's own limit only warns; ours refuses.
    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(source, formats=("JPEG", "PNG", "MPO")) as image:
            _check(image)
            image.load()
            turn = _turn(image)
            page = _page(image)
    except BROKEN as error:
        raise rules.Refused(rules.DAMAGED_PICTURE) from error
    return page.transpose(turn) if turn is not None else page


def _check(image: Image.Image) -> None:
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        rules.check_pixels("png", *image.size)
        return
    rules.check_pixels("jpeg", *image.size)
    # A progressive JPEG is kept whole in memory whatever the scale: 2 bytes for every value of every layer.
    if "progressive" in image.info and image.width * image.height * 2 * _layers(image) > 3 * rules.MAX_PIXELS:
        raise rules.Refused(rules.TOO_MANY_PIXELS)
    shrink = max(1.0, max(image.size) / MIN_SIDE)
    image.draft(None, (math.floor(image.width / shrink) or 1, math.floor(image.height / shrink) or 1))
    rules.check_pixels("png", *image.size)


def _layers(image: JpegImagePlugin.JpegImageFile) -> float:
    """Return how many full-size layers the colours amount to: 3 for 4:4:4, 1.5 for 4:2:0."""
    samples = [across * down for _, across, down, _ in image.layer]
    return sum(samples) / max(1, *samples)


def _turn(image: Image.Image) -> Transpose | None:
    try:
        return UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    except BROKEN:
        # A damaged note about a picture is no reason to refuse the picture.
        return None


def _page(image: Image.Image) -> Image.Image:
    """Return the picture as grey or RGB on white, shrunk to MAX_SIDE."""
    shrink = max(1.0, max(image.size) / MAX_SIDE)
    size = round(image.width / shrink) or 1, round(image.height / shrink) or 1
    page = Image.new(_flat(image.crop((0, 0, 1, 1))).mode, size)
    for top in range(0, page.height, BAND):
        page.paste(_band(image, page, top, min(BAND, page.height - top)), (0, top))
    return page


def _band(image: Image.Image, page: Image.Image, top: int, rows: int) -> Image.Image:
    factor = image.height / page.height
    # The filter looks three rows of the page beyond its edge.
    margin = math.ceil(3 * factor) + 1
    first = max(0, math.floor(top * factor) - margin)
    last = min(image.height, math.ceil((top + rows) * factor) + margin)
    band = _flat(image.crop((0, first, image.width, last)))
    box = (0, top * factor - first, image.width, (top + rows) * factor - first)
    return band.resize((page.width, rows), Image.Resampling.LANCZOS, box)


def _flat(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow would cut the values off at 255 instead of scaling them.
        return image.point(lambda value: value * (1 / 257)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
