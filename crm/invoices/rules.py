"""What a receipt's file may be, and the sentences about what it may not be."""

from __future__ import annotations

import datetime as dt
import os
import re
import struct
from collections.abc import Sequence
from typing import IO, Literal


def N_(text: str) -> str:  # noqa: N802 - the name by which texts are found for the catalogs
    """Mark a text for translation when it is shown; the process that converts files loads nothing more for it."""
    return text


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

EMPTY = N_("This file is empty. Choose another one.")
WRONG_TYPE = N_("This file is not a PDF, JPEG or PNG. Choose a photo or a PDF.")
HEIC = N_("This photo is in the HEIC format. Save it as JPEG and choose that.")
TOO_BIG = N_("This file is larger than 10 MB. Choose a smaller one, or photograph the receipt at a lower resolution.")
TOO_MANY_PIXELS = N_("This picture has too many pixels. Save it smaller, %(most)s megapixels at most, and choose that.")
TOO_MANY_PROGRESSIVE = N_(
    "This picture is a progressive JPEG of too many pixels. "
    "Save it as a baseline JPEG, or with %(most)s megapixels at most, and choose that."
)
TOO_NARROW = N_("This picture is too long and narrow for a page. Cut it to the receipt and choose that.")
DAMAGED_PICTURE = N_("This picture is damaged or cut off. Photograph the receipt again, or choose another file.")
DAMAGED_PDF = N_("This PDF is damaged or cut off. Save it again and choose the new file.")
PROTECTED = N_("This PDF is protected with a password. Save it without one and choose that.")
NO_PAGES = N_("This PDF has no pages. Choose another file.")
TOO_MANY_PAGES = N_("This PDF has more than 500 pages. Choose one with the receipt alone.")
TOO_COMPLEX = N_("This file takes too much time or memory to convert. Save it in a simpler form, or photograph it.")
UNREADABLE = N_("This file could not be read. Save it again as PDF or JPEG and choose that.")
INTERRUPTED = N_("The conversion was interrupted. Try again.")
PORTFOLIO = N_("This PDF is a portfolio: a cover with other documents inside. Open it, and add these one by one.")
LIVE_FORM = N_("This PDF is a form that only Adobe Reader can show. Print it there as a PDF and choose that.")
FORM = N_("This PDF is a form, too, and that is only in the original. Check that its pages show what was filled in.")
CUT_OFF = N_("The last lines of this picture are missing. Check that the receipt is whole.")

SAME_FILE_HERE = N_("The same file is here twice, as %(name)s, too.")
SAME_FILE_ELSEWHERE = N_("The same file is at this customer's invoice of %(date)s, as %(name)s.")
ATTACHED = N_("Files are attached to this PDF. They are only in the original: %(names)s.")
ATTACHED_AND_MORE = N_("Files are attached to this PDF. They are only in the original: %(names)s and %(more)s more.")

WITH_VALUES = (
    TOO_MANY_PIXELS,
    TOO_MANY_PROGRESSIVE,
    SAME_FILE_HERE,
    SAME_FILE_ELSEWHERE,
    ATTACHED,
    ATTACHED_AND_MORE,
)

NO_RECEIPT = N_("Choose a receipt: a photo or a PDF.")
TOO_EARLY = N_("Enter the invoice's date: in the year %(year)s or later.")

FILE_LIMITS = {"bytes": MAX_BYTES, "files": MAX_FILES, "queue": MAX_QUEUE, "head": PDF_HEADER_WITHIN}
FILE_SENTENCES = {"empty": EMPTY, "big": TOO_BIG, "heic": HEIC, "type": WRONG_TYPE}
"""What the page's script needs to check files."""

# Signatures of other files that may contain a PDF: programs, archives, pictures, scripts.
_OTHERS = (b"MZ", b"\x7fELF", b"PK\x03\x04", b"GIF8", b"RIFF", b"II*\0", b"MM\0*", b"#!", b"Rar!", b"7z\xbc\xaf")
_OBJECT = re.compile(rb"\d obj\b")


def date_problem(day: dt.date, today: dt.date) -> str | None:
    """Return a sentence when no invoice can have this date: an invoice is entered on its day or later."""
    if day > today:
        return N_("Enter the invoice's date: today or an earlier day.")
    return TOO_EARLY if day.year < FIRST_YEAR else None


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
    return (TOO_MANY_PROGRESSIVE if progressive else TOO_MANY_PIXELS) % {"most": most // 1_000_000}


def same_file(name: str, day: dt.date | None = None) -> str:
    """Return the notice about the same file in this invoice, or in that of `day`."""
    if day is None:
        return SAME_FILE_HERE % {"name": name}
    return SAME_FILE_ELSEWHERE % {"date": day.isoformat(), "name": name}


def attached(names: Sequence[str]) -> str:
    """Return the notice about attached files, which the converted PDF lacks; "" without any."""
    if not names:
        return ""
    some = ", ".join(
        name if len(name) <= MAX_ATTACHMENT_NAME else f"{name[:MAX_ATTACHMENT_NAME]}…" for name in names[:3]
    )
    if len(names) > 3:
        return ATTACHED_AND_MORE % {"names": some, "more": len(names) - 3}
    return ATTACHED % {"names": some}


def check_pixels(kind: FileKind, width: int, height: int) -> None:
    """Refuse a picture that would not fit into memory, or not on a page."""
    most = MAX_JPEG_PIXELS if kind == "jpeg" else MAX_PIXELS
    if width * height > most:
        raise Refused(too_many_pixels(most))
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise Refused(TOO_NARROW)
