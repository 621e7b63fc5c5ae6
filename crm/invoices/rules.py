"""What a receipt's file may be, and the sentences for what it may not be."""

from __future__ import annotations

import datetime as dt
import os
import struct
from typing import IO, Literal

Kind = Literal["pdf", "jpeg", "png"]

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 10
MAX_REQUEST = MAX_FILES * MAX_BYTES + 1024 * 1024
"""All files at their largest, and the rest of the request."""
MAX_NOTE = 2_000
FIRST_YEAR = 2000
MAX_PAGES = 500
# What a PNG may hold: it has to be unpacked whole, up to 4 bytes a pixel. A JPEG can be read scaled down.
MAX_PIXELS = 64_000_000
MAX_JPEG_PIXELS = 210_000_000
MAX_ASPECT = 200
HEAD = 64
TAIL = 2048

EMPTY = "This file is empty. Choose another one."
WRONG_TYPE = "This file is not a PDF, JPEG or PNG. Choose a photo or a PDF."
HEIC = "This photo is in the HEIC format. Save it as JPEG and choose that."
TOO_BIG = "This file is larger than 10 MB. Choose a smaller one, or photograph the receipt at a lower resolution."
TOO_MANY_PIXELS = "This picture has too many pixels. Save it smaller, 8000 pixels wide at most, and choose that."
TOO_NARROW = "This picture is too long and narrow for a page. Cut it to the receipt and choose that."
DAMAGED_PICTURE = "This picture is damaged or cut off. Photograph the receipt again, or choose another file."
DAMAGED_PDF = "This PDF is damaged or cut off. Save it again and choose the new file."
PROTECTED = "This PDF is protected with a password. Save it without one and choose that."
NO_PAGES = "This PDF has no pages. Choose another file."
TOO_MANY_PAGES = f"This PDF has more than {MAX_PAGES} pages. Choose one with the receipt alone."
TOO_COMPLEX = "This file takes too much time or memory to convert. Save it in a simpler form, or photograph it."
UNREADABLE = "This file could not be read. Save it again as PDF or JPEG and choose that."
INTERRUPTED = "The conversion was interrupted. Try again."


def date_problem(day: dt.date, today: dt.date) -> str | None:
    """Return the sentence that says why no invoice has this date, or None: one is entered on its day or later."""
    if day > today:
        return "Enter the invoice's date: today or an earlier day."
    return f"Enter the invoice's date: a day from {FIRST_YEAR} on." if day.year < FIRST_YEAR else None


class Refused(Exception):  # noqa: N818 - not an error of the program: the message is a sentence for people.
    """The file can't become a receipt; the message says why and what to do."""


def check_upload(file: IO[bytes]) -> Kind:
    """Return what the file is by its content, and leave it at its beginning; raise Refused.

    Reads the first and last bytes only, so that it is quick enough for a request. The conversion does the rest.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    tail = file.read(TAIL)
    file.seek(0)
    head = file.read(HEAD)
    file.seek(0)
    return check(head, tail, size)


def check(head: bytes, tail: bytes, size: int) -> Kind:
    """Return the kind of a file of `size` bytes that starts and ends like this; raise Refused."""
    if size == 0:
        raise Refused(EMPTY)
    if size > MAX_BYTES:
        raise Refused(TOO_BIG)
    kind = sniff(head)
    if kind is None:
        raise Refused(HEIC if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1") else WRONG_TYPE)
    if kind == "pdf" and b"%%EOF" not in tail:
        raise Refused(DAMAGED_PDF)
    if kind == "png" and len(head) >= 24:
        width, height = struct.unpack(">II", head[16:24])
        check_pixels(kind, width, height)
    return kind


def sniff(head: bytes) -> Kind | None:
    """Return the kind of a file by its first bytes, whatever its name says. Junk before them doesn't count."""
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    return None


def check_pixels(kind: Kind, width: int, height: int) -> None:
    """Raise Refused for a picture that would not fit into memory, or not on a page."""
    if width * height > (MAX_JPEG_PIXELS if kind == "jpeg" else MAX_PIXELS):
        raise Refused(TOO_MANY_PIXELS)
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise Refused(TOO_NARROW)
