"""What a receipt's file may be, and the sentences about what it may not be."""

from __future__ import annotations

import datetime as dt
import os
import re
import struct
from collections.abc import Sequence
from typing import IO, Literal

FileKind = Literal["pdf", "jpeg", "png"]

MAX_BYTES = 10 * 1024 * 1024
MAX_FILES = 10
MAX_REQUEST = MAX_FILES * MAX_BYTES + 1024 * 1024
MAX_FILES_A_DAY = 1_000
"""For each user; the configuration limits the megabytes."""
MAX_QUEUE = 50
"""Files that a page with JavaScript sends one after the other."""
MAX_NOTE = 2_000
MAX_ATTACHMENT_NAME = 40
"""Characters shown of an attached file's name."""
FIRST_YEAR = 2000
MAX_PAGES = 500
# A PNG is unpacked whole, up to 4 bytes a pixel; a JPEG can be read scaled down.
MAX_PIXELS = 64_000_000
MAX_JPEG_PIXELS = 210_000_000
MAX_ASPECT = 200
PDF_HEADER_WITHIN = 1024
"""Bytes in which `%PDF-` is looked for (ISO 32000-1, annex H, note 13)."""

EMPTY = "This file is empty. Choose another one."
WRONG_TYPE = "This file is not a PDF, JPEG or PNG. Choose a photo or a PDF."
HEIC = "This photo is in the HEIC format. Save it as JPEG and choose that."
TOO_BIG = "This file is larger than 10 MB. Choose a smaller one, or photograph the receipt at a lower resolution."
TOO_NARROW = "This picture is too long and narrow for a page. Cut it to the receipt and choose that."
DAMAGED_PICTURE = "This picture is damaged or cut off. Photograph the receipt again, or choose another file."
DAMAGED_PDF = "This PDF is damaged or cut off. Save it again and choose the new file."
PROTECTED = "This PDF is protected with a password. Save it without one and choose that."
NO_PAGES = "This PDF has no pages. Choose another file."
TOO_MANY_PAGES = f"This PDF has more than {MAX_PAGES} pages. Choose one with the receipt alone."
TOO_COMPLEX = "This file takes too much time or memory to convert. Save it in a simpler form, or photograph it."
UNREADABLE = "This file could not be read. Save it again as PDF or JPEG and choose that."
INTERRUPTED = "The conversion was interrupted. Try again."
PORTFOLIO = "This PDF is a portfolio: a cover with other documents inside. Open it, and add these one by one."
LIVE_FORM = "This PDF is a form that only Adobe Reader can show. Print it there as a PDF and choose that."
FORM = "This PDF is a form, too, and that is only in the original. Check that its pages show what was filled in."
CUT_OFF = "The last lines of this picture are missing. Check that the receipt is whole."

# Signatures of other files that may contain a PDF: programs, archives, pictures, scripts.
_OTHERS = (b"MZ", b"\x7fELF", b"PK\x03\x04", b"GIF8", b"RIFF", b"II*\0", b"MM\0*", b"#!", b"Rar!", b"7z\xbc\xaf")
_OBJECT = re.compile(rb"\d obj\b")


def date_problem(day: dt.date, today: dt.date) -> str | None:
    """Return a sentence when no invoice can have this date: an invoice is entered on its day or later."""
    if day > today:
        return "Enter the invoice's date: today or an earlier day."
    return f"Enter the invoice's date: a day from {FIRST_YEAR} on." if day.year < FIRST_YEAR else None


class Refused(Exception):  # noqa: N818 - not an error of the program: the message is a sentence for people.
    pass


def check_upload(file: IO[bytes]) -> FileKind:
    size = file.seek(0, os.SEEK_END)
    if size > MAX_BYTES:
        raise Refused(TOO_BIG)
    file.seek(0)
    content = file.read()
    file.seek(0)
    return check_content(content)


def check_content(content: bytes) -> FileKind:
    if not content:
        raise Refused(EMPTY)
    if len(content) > MAX_BYTES:
        raise Refused(TOO_BIG)
    kind = kind_by_signature(content)
    if kind is None:
        raise Refused(HEIC if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1") else WRONG_TYPE)
    if kind == "pdf":
        pdf_within(content)
    if kind == "png" and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        check_pixels(kind, width, height)
    return kind


def kind_by_signature(content: bytes) -> FileKind | None:
    """Return None for other files; a PDF may follow a byte order mark, warnings or HTTP headers."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if b"%PDF-" in content[:PDF_HEADER_WITHIN] and not content.startswith(_OTHERS):
        return "pdf"
    return None


def pdf_within(content: bytes) -> bytes:
    """Return the PDF without bytes before and after it; raises Refused when its end is missing."""
    end = content.rfind(b"%%EOF")
    # A linearized PDF has an end near its beginning too, so no object may follow the last one.
    if end < 0 or _OBJECT.search(content, end):
        raise Refused(DAMAGED_PDF)
    return content[content.find(b"%PDF-") : end] + b"%%EOF\n"


def too_many_pixels(most: int, progressive: bool = False) -> str:
    if progressive:
        return (
            "This picture is a progressive JPEG of too many pixels. "
            f"Save it as a baseline JPEG, or with {most // 1_000_000} megapixels at most, and choose that."
        )
    return (
        f"This picture has too many pixels. Save it smaller, {most // 1_000_000} megapixels at most, and choose that."
    )


def limits() -> dict[str, object]:
    """Return what the page's script needs to check files."""
    sentences = {"empty": EMPTY, "big": TOO_BIG, "heic": HEIC, "type": WRONG_TYPE}
    return {
        "bytes": MAX_BYTES,
        "files": MAX_FILES,
        "queue": MAX_QUEUE,
        "head": PDF_HEADER_WITHIN,
        "sentences": sentences,
    }


def same_file(name: str, day: dt.date | None = None) -> str:
    """Return the notice about the same file in this invoice, or in that of `day`."""
    if day is None:
        return f"The same file is here twice, as {name}, too."
    return f"The same file is at this customer's invoice of {day.day} {day:%B %Y}, as {name}."


def attached(names: Sequence[str]) -> str:
    """Return the notice about attached files, which the converted PDF lacks; "" without any."""
    if not names:
        return ""
    some = ", ".join(
        name if len(name) <= MAX_ATTACHMENT_NAME else f"{name[:MAX_ATTACHMENT_NAME]}…" for name in names[:3]
    )
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Files are attached to this PDF. They are only in the original: {some}{more}."


def check_pixels(kind: FileKind, width: int, height: int) -> None:
    """Refuse a picture that would not fit into memory, or not on a page."""
    most = MAX_JPEG_PIXELS if kind == "jpeg" else MAX_PIXELS
    if width * height > most:
        raise Refused(too_many_pixels(most))
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise Refused(TOO_NARROW)
