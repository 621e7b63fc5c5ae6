"""Names of uploaded files, and of downloads."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from crm.invoices.rules import FileKind, same_file
from crm.values.text import clean_line

MAX_LENGTH = 100
MAX_NAME_BYTES = 120
"""Of a customer's name in a file's name, which has 255 bytes at most."""

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


_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*]')


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
    return next(other for other in _numbered(name) if other not in taken)


def _numbered(name: str) -> Iterator[str]:
    """Yield `bon.pdf`, `bon (2).pdf` and so on."""
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    yield name
    yield from (f"{stem} ({number}){dot}{extension}" for number in itertools.count(2))


def archive_name(day: dt.date, customer: str, amount: str, taken: set[str]) -> str:
    """Return the name of a receipt's PDF in an archive, and add it to those that are `taken`.

    It is one that Windows and macOS can write, too: in one folder, with none that differs from it in case alone.
    """
    who = _NOT_IN_NAMES.sub("_", clean_line(customer)).encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip(" .")
    name = f"{day} {who or 'customer'} {_NOT_IN_NAMES.sub('_', amount)}.pdf"
    found = next(other for other in _numbered(name) if other.casefold() not in taken)
    taken.add(found.casefold())
    return found


def download_name(filename: str, kind: FileKind) -> str:
    if filename.lower().endswith(EXTENSIONS[kind]):
        return filename
    stem, _, extension = filename.rpartition(".")
    known = bool(stem) and re.fullmatch(r"[A-Za-z0-9]{1,8}", extension) is not None
    return (stem if known else filename) + EXTENSIONS[kind][0]
