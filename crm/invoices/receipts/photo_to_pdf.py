"""Convert a photo into a PDF of upright pages; a long and narrow picture gets several.

Runs in a sandboxed process (`sandbox.py`). To save memory, a JPEG is read scaled down and drawn band by band.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from typing import BinaryIO

# The last two, because Pillow would load them later, which isolation forbids.
from PIL import Image, ImageChops, JpegImagePlugin, MpoImagePlugin, TiffImagePlugin  # noqa: F401

from crm.invoices import rules
from crm.invoices.receipts import layout, pdf_writer
from crm.invoices.receipts.layout import Box, Layout

Transpose = Image.Transpose
Image.preinit()

BAND_ROWS = 256
# Bytes of a progressive JPEG's values, which stay in memory whole, whatever the scale.
MAX_PROGRESSIVE_BYTES = 300_000_000
ORIENTATION = 0x0112
# By EXIF orientation (EXIF 2.32, 4.6.4.A).
UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
# Raised by Pillow for malformed files.
BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)
JPEG_END = b"\xff\xd9"
PROGRESSIVE = b"\xff\xc2"
# The header of a scan: number of components, which, and first, last and lowest bit of its values.
SCAN = re.compile(rb"\xff\xda\0.[\1-\4](?=(.{5,11}))", re.DOTALL)
# In place of missing bytes at the end of a JPEG: anything but a marker.
FILLER = bytes(range(0x10, 0x90)) * 8
# Rows that may be missing at the end: one block, or a part of the height.
BLOCK = 16
MAX_MISSING = 0.02


def image_to_pdf(content: bytes, target: BinaryIO) -> tuple[int, str]:
    """Write the first frame without EXIF, on white, and return pages and a notice; raises rules.Refused."""
    # Pillow's own limit only warns; ours refuses.
    Image.MAX_IMAGE_PIXELS = None
    try:
        image, notice = _read(content)
        turn = _turn(image)
        found = layout.plan(image, turn, _flat)
        pages = pdf_writer.write(target, (_page(image, box, found, turn) for box in found.boxes), found.longest)
    except BROKEN as error:
        raise rules.Refused(rules.DAMAGED_PICTURE) from error
    return pages, notice


def _read(content: bytes) -> tuple[Image.Image, str]:
    image = _opened(content)
    try:
        image.load()
    except BROKEN:
        if not isinstance(image, JpegImagePlugin.JpegImageFile):
            raise
    else:
        return image, ""
    del image
    return _read_cut_off(content.rstrip(b"\xff"))


def _read_cut_off(content: bytes) -> tuple[Image.Image, str]:
    """Read a truncated JPEG as viewers do; raise OSError when more than its last lines are missing.

    Rows that change with the bytes appended at the end are not the picture's own.
    """
    image, other = (_opened(content + rest + JPEG_END) for rest in (b"", FILLER))
    if "progressive" in image.info and not _has_all_scans(content):
        raise OSError("the picture is coarse")
    full_height = image.info["full_height"]
    image.load()
    other.load()
    made_up = ImageChops.difference(image, other).getbbox()
    if made_up is None:
        return image, ""
    if image.height - made_up[1] > image.height * max(MAX_MISSING, BLOCK / full_height):
        raise OSError("the picture is cut off")
    return image, rules.CUT_OFF


def _opened(content: bytes) -> Image.Image:
    """Open a picture without unpacking it; raise rules.Refused when it would not fit into memory."""
    image = Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "MPO"))
    image.info["full_height"] = image.height
    if not isinstance(image, JpegImagePlugin.JpegImageFile):
        rules.check_pixels("png", *image.size)
        return image
    rules.check_pixels("jpeg", *image.size)
    if "progressive" in image.info:
        most = int(MAX_PROGRESSIVE_BYTES / (2 * _layers(image)))
        if image.width * image.height > most:
            raise rules.Refused(rules.too_many_pixels(most, progressive=True))
    shrink = layout.shrink(image.size, layout.MIN_JPEG_SCALE)
    image.draft(None, (math.floor(image.width / shrink) or 1, math.floor(image.height / shrink) or 1))
    rules.check_pixels("png", *image.size)
    return image


def _has_all_scans(content: bytes) -> bool:
    """Say whether a progressive JPEG has scans of all values to the last bit (T.81, B.2.3, G.1.1)."""
    begun: dict[int, set[str]] = {}
    for scan in SCAN.finditer(content, content.rfind(PROGRESSIVE)):
        components = scan[1][: 2 * scan[0][4] : 2]
        first, last, bits = scan[1][2 * len(components) : 2 * len(components) + 3]
        for component in components:
            ends = begun.setdefault(component, set())
            if bits & 0x0F == 0:
                ends |= ({"first"} if first == 0 else set()) | ({"last"} if last == 63 else set())
    return all(ends == {"first", "last"} for ends in begun.values())


def _layers(image: JpegImagePlugin.JpegImageFile) -> float:
    """Return how many full-size layers the colours need: 3 for 4:4:4, 1.5 for 4:2:0."""
    samples = [across * down for _, across, down, _ in image.layer]
    return sum(samples) / max(1, *samples)


def _turn(image: Image.Image) -> Transpose | None:
    """Return the rotation by EXIF; XMP is ignored, as browsers do."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))
        return UPRIGHT.get(exif.get(ORIENTATION, 1))
    except BROKEN:  # Damaged EXIF is no reason to refuse the picture.
        return None


def _page(image: Image.Image, box: Box, found: Layout, turn: Transpose | None) -> Image.Image:
    page = Image.new(_flat(image.crop((0, 0, 1, 1))).mode, found.size(box))
    for top in range(0, page.height, BAND_ROWS):
        page.paste(_band(image, box, page, top, min(BAND_ROWS, page.height - top)), (0, top))
    return page.transpose(turn) if turn is not None else page


def _band(image: Image.Image, box: Box, page: Image.Image, top: int, rows: int) -> Image.Image:
    left, start, right, end = box
    factor = (end - start) / page.height
    # The filter reads three rows of the page beyond the edge.
    margin = math.ceil(3 * factor) + 1
    first = max(start, start + math.floor(top * factor) - margin)
    last = min(end, start + math.ceil((top + rows) * factor) + margin)
    band = _flat(image.crop((left, first, right, last)))
    part = (0, start + top * factor - first, right - left, start + (top + rows) * factor - first)
    return band.resize((page.width, rows), Image.Resampling.LANCZOS, part)


def _flat(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        # Pillow clips the values at 255 instead of scaling them.
        return image.point(lambda value: value * (1 / 257)).convert("L")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("L" if image.mode in ("1", "L") else "RGB")
