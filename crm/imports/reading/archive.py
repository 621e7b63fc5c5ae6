"""A ZIP of several lists, as Mailchimp exports an audience: one list for each state of its subscribers."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath

from crm.imports.limits import MAX_ZIP_BYTES
from crm.imports.reading import sentences
from crm.imports.reading.content import BROKEN_ZIP, check_entries
from crm.imports.reading.tables import Refused

LISTS = (".csv", ".tsv", ".txt", ".vcf")
STATES = ("unsubscribed", "cleaned", "nonsubscribed", "subscribed")
STATUS = "Subscription status"
"""The header of a column that is made of the files' names."""
PIECE = 1 << 20


def lists_in(path: Path) -> list[str]:
    """Return the names of the lists in a ZIP; raises Refused."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except BROKEN_ZIP:
        raise Refused(sentences.UNREADABLE.english()) from None
    check_entries(entries)
    names = [
        entry.filename
        for entry in entries
        if entry.filename.lower().endswith(LISTS)
        and entry.file_size
        and not PurePosixPath(entry.filename).name.startswith(".")
        and "__MACOSX" not in entry.filename
    ]
    if not names:
        raise Refused(sentences.ZIP_WITHOUT_LISTS.english())
    return names


def unpack(path: Path, name: str, target: Path) -> None:
    """Write one list of a ZIP to a file; raises Refused."""
    left = MAX_ZIP_BYTES
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as entry, target.open("wb") as out:
            while piece := entry.read(PIECE):
                left -= len(piece)
                if left < 0:
                    raise Refused(sentences.ZIP_BOMB.english())
                out.write(piece)
    except (*BROKEN_ZIP, KeyError):
        raise Refused(sentences.UNREADABLE.english()) from None


def state_of(name: str) -> str:
    """Return the state that a file's name gives to all people in it: `unsubscribed_…csv`."""
    stem = PurePosixPath(name).name.lower()
    return next((state for state in STATES if stem.startswith(state)), "")
