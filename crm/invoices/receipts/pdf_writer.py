"""Write pictures as a PDF, one after the other, so that only one of them is in memory."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import BinaryIO

from PIL import Image

A4_LONG_SIDE = 842  # points
QUALITY = 85
COLOURS = {"L": b"DeviceGray", "RGB": b"DeviceRGB"}
CATALOG, TREE, FIRST = 1, 2, 3


def write(target: BinaryIO, pages: Iterable[Image.Image], longest: int) -> int:
    """Write grey or RGB pictures as pages, A4 along `longest` pixels; return the number of pages."""
    where: dict[int, int] = {}

    def write_object(number: int, content: bytes) -> None:
        where[number] = target.tell()
        target.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))

    target.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    number = FIRST
    for page in pages:
        for content in _page(page, number, longest):
            write_object(number, content)
            number += 1
    kids = range(FIRST, number, 3)
    write_object(TREE, b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(map(_reference, kids))))
    write_object(CATALOG, b"<< /Type /Catalog /Pages %s >>" % _reference(TREE))
    table = target.tell()
    target.write(b"xref\n0 %d\n0000000000 65535 f \n" % number)
    target.writelines(b"%010d 00000 n \n" % where[number] for number in sorted(where))
    target.write(b"trailer\n<< /Size %d /Root %s >>\nstartxref\n%d\n" % (number, _reference(CATALOG), table))
    target.write(b"%%EOF\n")
    return len(kids)


def _page(picture: Image.Image, number: int, longest: int) -> tuple[bytes, bytes, bytes]:
    width, height = (side * A4_LONG_SIDE / longest for side in picture.size)
    packed = io.BytesIO()
    picture.save(packed, "JPEG", quality=QUALITY)
    page = b"<< /Type /Page /Parent %s /MediaBox [0 0 %.4f %.4f] /Contents %s /Resources << /XObject << /P %s >> >> >>"
    image = (
        b"/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace /%s /Filter /DCTDecode"
    )
    return (
        page % (_reference(TREE), width, height, _reference(number + 1), _reference(number + 2)),
        _stream(b"q %.4f 0 0 %.4f 0 0 cm /P Do Q" % (width, height)),
        _stream(packed.getvalue(), image % (*picture.size, COLOURS[picture.mode])),
    )


def _reference(number: int) -> bytes:
    return b"%d 0 R" % number


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)
