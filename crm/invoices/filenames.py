"""Names of uploaded files, and of downloads."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import NamedTuple
from urllib.parse import quote

from crm.invoices.rules import FileKind, same_file
from crm.values.text import clean_line

MAX_LENGTH = 100
MEDIA_TYPES: dict[FileKind, str] = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
EXTENSIONS: dict[FileKind, tuple[str, ...]] = {"pdf": (".pdf",), "jpeg": (".jpg", ".jpeg"), "png": (".png",)}


def clean_filename(name: str) -> str:
    """Return the last part of a path as one short line of visible characters; it is never used as a path."""
    name = re.split(r"[/\\]", clean_line(name))[-1].strip(" .")
    if len(name) <= MAX_LENGTH:
        return name or "receipt"
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension) > 8:
        return name[:MAX_LENGTH].rstrip()
    return stem[: MAX_LENGTH - len(extension) - 1].rstrip() + dot + extension


class Sibling(NamedTuple):
    """A receipt of the same invoice, or of the customer's invoice of `day`."""

    filename: str
    sha256: str
    day: dt.date | None


def distinct_names(files: Iterable[tuple[str, str]], siblings: Iterable[Sibling]) -> list[tuple[str, str]]:
    """Return a name, unique within the invoice, and a notice of the same file elsewhere, by name and hash."""
    siblings = list(siblings)
    known = {sibling.sha256: same_file(sibling.filename, sibling.day) for sibling in siblings}
    taken = {sibling.filename for sibling in siblings if sibling.day is None}
    found = []
    for filename, sha256 in files:
        name = _distinct_name(filename, taken)
        taken.add(name)
        found.append((name, known.get(sha256, "")))
        known.setdefault(sha256, same_file(name))
    return found


def _distinct_name(name: str, taken: Collection[str]) -> str:
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    numbered = (f"{stem} ({number}){dot}{extension}" for number in itertools.count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def download_name(filename: str, kind: FileKind) -> str:
    if filename.lower().endswith(EXTENSIONS[kind]):
        return filename
    stem, _, extension = filename.rpartition(".")
    known = bool(stem) and re.fullmatch(r"[A-Za-z0-9]{1,8}", extension) is not None
    return (stem if known else filename) + EXTENSIONS[kind][0]


def disposition(name: str) -> dict[str, str]:
    """Return the parameters of `Content-Disposition: attachment` (RFC 6266): plain ASCII, and the name itself."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9 ._()+-]", "_", plain).strip()
    if plain.startswith("."):
        plain = f"receipt{plain}"
    # RFC 5987: unescaped characters.
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"}
