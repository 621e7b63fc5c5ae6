"""Receipts for the tests, good and hostile, made when they are needed."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pikepdf
from PIL import Image

COLOURS = {"top left": (200, 30, 30), "top right": (30, 160, 30), "bottom left": (30, 30, 200)}


def picture(mode: str = "RGB", size: tuple[int, int] = (240, 160)) -> Image.Image:
    """Return a picture with a red, a green and a blue corner on white, so that its way up can be told."""
    image = Image.new("RGB", size, "white")
    half = size[0] // 2, size[1] // 2
    image.paste(COLOURS["top left"], (0, 0, *half))
    image.paste(COLOURS["top right"], (half[0], 0, size[0], half[1]))
    image.paste(COLOURS["bottom left"], (0, half[1], half[0], size[1]))
    return image.convert(mode, palette=Image.Palette.ADAPTIVE)


def photo(size: tuple[int, int]) -> Image.Image:
    """Return a picture of any size with about the detail of a photo, made quickly."""
    tile = Image.frombytes("RGB", (64, 64), random.Random(1).randbytes(64 * 64 * 3))
    return tile.resize((max(1, size[0] // 8), max(1, size[1] // 8)), Image.Resampling.BICUBIC).resize(size)


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the picture as a file of `kind` (JPEG, PNG, MPO, …)."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def oriented(orientation: int, kind: str = "JPEG", gps: bool = True, image: Image.Image | None = None) -> bytes:
    """Return a file whose pixels lie as `orientation` says, and that shows `image` or `picture()` once put upright."""
    lying = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = image or picture()
    if orientation in lying:
        image = image.transpose(lying[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    if gps:
        exif.get_ifd(0x8825)[1] = "S"
        exif.get_ifd(0x8825)[2] = (6.0, 12.0, 30.0)
    return encode(image, kind, exif=exif, **({"quality": 95} if kind == "JPEG" else {}))


def png_bomb(width: int = 13_000, height: int = 13_000, colour: int = 2) -> bytes:
    """Return a small PNG that takes hundreds of megabytes once unpacked (colour 0: grey, 2: RGB, 6: RGBA)."""
    row = b"\0" * (1 + width * {0: 1, 2: 3, 6: 4}[colour])
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def jpeg_of_size(width: int, height: int, **options: Any) -> bytes:
    """Return a small JPEG whose header claims another size than it has."""
    jpeg = bytearray(encode(picture(), "JPEG", **options))
    start = jpeg.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
    jpeg[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(jpeg)


def pdf(pages: int = 1, linearize: bool = False, **catalog: Any) -> bytes:
    """Return a plain PDF of so many pages, with more entries in its catalog; linearized for the web if asked."""
    file = io.BytesIO()
    with pikepdf.new() as document:
        for number in range(pages):
            page = document.add_blank_page(page_size=(200, 300))
            page.Contents = document.make_stream(b"0 0 1 rg 10 10 %d 50 re f" % (number + 1))
        for key, value in catalog.items():
            document.Root[f"/{key}"] = value
        document.save(file, linearize=linearize)
    return file.getvalue()


def protected_pdf(user: str = "secret", owner: str = "owner", **options: Any) -> bytes:
    """Return a PDF with passwords; with an empty one it opens without asking."""
    file = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as document:
        document.save(file, encryption=pikepdf.Encryption(user=user, owner=owner, **options))
    return file.getvalue()


def raw_pdf(objects: Mapping[int, bytes], trailer: bytes = b"/Root 1 0 R") -> bytes:
    """Return a PDF of exactly these objects, with a correct table of where they are."""
    file = b"%PDF-1.7\n"
    where = {}
    for number, content in objects.items():
        where[number] = len(file)
        file += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"xref\n0 1\n0000000000 65535 f \n"
    table += b"".join(b"%d 1\n%010d 00000 n \n" % entry for entry in where.items())
    end = b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (max(objects) + 1, trailer, len(file))
    return file + table + end


def page_pdf(
    catalog: bytes = b"", page: bytes = b"", more: Mapping[int, bytes] | None = None, contents: bytes = b""
) -> bytes:
    """Return a one-page PDF with raw entries in the catalog and on the page, and more objects from number 10."""
    return raw_pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 300] /Contents 4 0 R %s >>" % page,
            4: stream(contents or b"0 0 1 rg 10 10 50 50 re f"),
            **(more or {}),
        }
    )


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def packed(size: int) -> bytes:
    """Return a Flate stream object that unpacks to so many zeros."""
    packer = zlib.compressobj(9)
    block = bytes(1 << 20)
    content = b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()
    return stream(content, b"/Filter /FlateDecode")


def save(folder: Path, content: bytes, name: str = "upload") -> Path:
    """Write the file and return where it is."""
    path = folder / name
    path.write_bytes(content)
    return path


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
