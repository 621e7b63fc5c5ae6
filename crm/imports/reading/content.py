"""What a file is, by what is in it; its name says nothing."""

from __future__ import annotations

import json
import mmap
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Literal

from crm.imports.limits import MAX_BYTES, MAX_ZIP_BYTES, MAX_ZIP_ENTRIES, MAX_ZIP_RATIO
from crm.imports.reading import sentences
from crm.imports.reading.tables import Refused

Kind = Literal["csv", "xlsx", "xls", "ods", "zip", "vcard", "ndjson"]

HEAD = 8_192
SMALL_ENTRY = 1 << 20
"""Bytes: what repeats itself may be packed well."""
BROKEN_ZIP = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error),
    *(NotImplementedError, OSError, ValueError, EOFError, RuntimeError),
)

_CFB = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_BEGIN, _FILEPASS, _RECORDS_BEFORE_PASSWORD = b"\x09\x08\x10\0\0\x06\x05\0", 0x2F, 6
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*", b"RIFF", b"BM\xf6")
_ARCHIVES = (b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
_PROGRAMS = (b"MZ\x90", b"\x7fELF", b"SQLite format 3", b"PAR1")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


def kind_of(path: Path) -> Kind:
    """Return the kind of a file; raises Refused for one that is no list."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise Refused(sentences.TOO_BIG.english())
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip(b"\0\t\r\n \x1a\xef\xbb\xbf\xff\xfe"):
        if size <= HEAD:
            raise Refused(sentences.EMPTY.english())
        raise Refused(sentences.NOT_TEXT.english())
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if head.startswith(_CFB):
        return _kind_of_compound(path)
    _refuse_others(head)
    return _kind_of_text(head)


def _refuse_others(head: bytes) -> None:
    if b"%PDF-" in head[:1024]:
        raise Refused(sentences.PDF.english())
    for signatures, sentence in (
        (_PICTURES, sentences.PICTURE),
        (_ARCHIVES, sentences.ARCHIVE),
        (_PROGRAMS, sentences.NOT_TEXT),
        ((b"{\\rtf",), sentences.WORD),
    ):
        if head.startswith(signatures):
            raise Refused(sentence.english())


def _kind_of_text(head: bytes) -> Kind:
    begin = _begin_of(head)
    small = begin.lower()
    if small.startswith("begin:vcard"):
        return "vcard"
    if small.startswith(("<!doctype html", "<html", "<table", "<head", "<body", "<meta", "<style", "<div")):
        raise Refused(sentences.HTML.english())
    if small.startswith(("<?xml", "<workbook")):
        raise Refused((sentences.HTML if "<html" in small else sentences.XML).english())
    if small.startswith("{") and _is_object(begin):
        return "ndjson"
    if small.startswith(("[{", "[\n", "[ {", "[\r")) or (small.startswith("{") and '":' in small[:200]):
        raise Refused(sentences.JSON.english())
    return "csv"


def _begin_of(head: bytes) -> str:
    """Return the beginning as text, as far as ASCII goes."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, "replace").lstrip()
    if head[:2].count(0) == 1:
        return head.decode("utf-16-le" if head[1] == 0 else "utf-16-be", "replace").lstrip()
    return head.replace(b"\0", b"").decode("latin-1").lstrip()


def _is_object(begin: str) -> bool:
    line, newline, _ = begin.partition("\n")
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        # A first line longer than what was read.
        return not newline and len(begin) > HEAD // 2 and begin.startswith('{"') and '":' in begin[:200]


def _kind_of_zip(path: Path) -> Kind:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        # Counted before the list of entries is made in memory.
        if _count(content, b"PK\x01\x02", MAX_ZIP_ENTRIES + 1) > MAX_ZIP_ENTRIES:
            raise Refused(sentences.ZIP_BOMB.english())
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            check_entries(entries)
            return _kind_by_entries(archive, entries)
    except BROKEN_ZIP:
        raise Refused(sentences.UNREADABLE.english()) from None


def _count(content: mmap.mmap, wanted: bytes, most: int) -> int:
    found, place = 0, content.find(wanted)
    while place >= 0 and found < most:
        found, place = found + 1, content.find(wanted, place + len(wanted))
    return found


def check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse what becomes too large; raises Refused."""
    if not entries:
        raise Refused(sentences.EMPTY.english())
    declared = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    is_dense = any(
        entry.file_size > SMALL_ENTRY and entry.file_size > MAX_ZIP_RATIO * max(entry.compress_size, 1)
        for entry in entries
    )
    if declared > MAX_ZIP_BYTES or is_dense or (declared > SMALL_ENTRY and declared > MAX_ZIP_RATIO * max(packed, 1)):
        raise Refused(sentences.ZIP_BOMB.english())


def _kind_by_entries(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Kind:
    names = {entry.filename.lower().replace("\\", "/").lstrip("/") for entry in entries}
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "mimetype" in names:
        return _kind_of_document(archive, entries)
    if any(name.startswith("word/") for name in names):
        raise Refused(sentences.WORD.english())
    if any(name.endswith(".iwa") for name in names) or "index.zip" in names:
        raise Refused(sentences.NUMBERS.english())
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refused(sentences.PASSWORD.english())
    return "zip"


def _kind_of_document(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Kind:
    by_name = {entry.filename: entry for entry in entries}
    kind = archive.open(by_name["mimetype"]).read(200) if "mimetype" in by_name else b""
    if not kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        raise Refused(sentences.WORD.english())
    manifest = by_name.get("META-INF/manifest.xml")
    if manifest and b"encryption-data" in archive.open(manifest).read(SMALL_ENTRY):
        raise Refused(sentences.PASSWORD.english())
    return "ods"


def _kind_of_compound(path: Path) -> Kind:
    """Tell the files of older Office programs apart by the streams in them."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            raise Refused(sentences.PASSWORD.english())
        if _has_file_password(content):
            raise Refused(sentences.PASSWORD.english())
        if any(content.find(name.encode("utf-16-le")) >= 0 for name in ("Workbook", "Book", "WORKBOOK")):
            return "xls"
    raise Refused(sentences.WORD.english())


def _has_file_password(content: mmap.mmap) -> bool:
    """Look for the record FILEPASS behind the first one of a workbook ([MS-XLS] 2.4.117)."""
    place = content.find(_WORKBOOK_BEGIN)
    for _ in range(_RECORDS_BEFORE_PASSWORD):
        if place < 0 or place + 4 > len(content):
            return False
        number, length = struct.unpack_from("<HH", content, place)
        if number == _FILEPASS:
            return True
        place += 4 + length
    return False
