"""The encoding of a text file: what its bytes say of themselves, else the one that makes the most plausible words."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import chardet

from crm.imports.reading import sentences
from crm.imports.reading.alphabets import OFFERED
from crm.imports.reading.plausible import ranked
from crm.imports.reading.tables import Refused

CHUNK = 1 << 20
SAMPLE = 64 * 1024
"""Bytes of lines with letters beyond ASCII."""
MOSTLY = 0.9
MEND = 0.9
MANY = 3

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Found(NamedTuple):
    """offered: encodings that may be chosen, the found one first. is_cut: some letters have to be replaced."""

    encoding: str
    offered: tuple[str, ...]
    is_cut: bool = False


def find(path: Path, wanted: str = "", language: str = "") -> Found:
    """Return the encoding of a file; `wanted` is somebody's choice, `language` breaks a tie. Raises Refused."""
    with path.open("rb") as file:
        head = file.read(4 * CHUNK)
    if wanted:
        return _chosen(path, wanted, head, language)
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return Found(encoding, (encoding,), not _decodes(path, encoding))
    if wide := _without_bom(head):
        return Found(wide, (wide, *OFFERED), not _decodes(path, wide))
    sample = _sample(path)
    if not sample:
        return Found("iso2022_jp", ("iso2022_jp", "utf-8")) if b"\x1b$" in head else Found("utf-8", ())
    if _decodes(path, "utf-8"):
        return Found("utf-8", ("utf-8", *ranked(sample, language)[:MANY]))
    return _by_words(path, sample, language)


def decoded(path: Path, encoding: str) -> Iterator[str]:
    """Yield the text in pieces; what can't be read is `�`."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def mended(text: str) -> str:
    """Undo the reading of UTF-8 as Windows letters: `JosÃ©` is `José`. Words that aren't such stay."""
    return _NOT_ASCII.sub(_mended_run, text) if not text.isascii() else text


def mend_offer(texts: list[str]) -> tuple[str, str] | None:
    """Return a word and the same one mended, where nearly all letters beyond ASCII were read twice."""
    runs = [run for text in texts if not text.isascii() for run in _NOT_ASCII.findall(text)]
    kept = [run for run in runs if _mended(run) != run]
    if not runs or len(kept) < MEND * len(runs):
        return None
    word = next(word for text in texts for word in text.split() if mended(word) != word)
    return word[:60], mended(word[:60])


_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# Windows has no letters for five bytes; whoever read them passed them on.
_UNDEFINED = {0x81: "\x81", 0x8D: "\x8d", 0x8F: "\x8f", 0x90: "\x90", 0x9D: "\x9d"}


def _mended_run(found: re.Match[str]) -> str:
    return _mended(found[0])


@lru_cache(maxsize=4096)
def _mended(run: str) -> str:
    try:
        raw = b"".join(bytes([ord(c)]) if c in _UNDEFINED.values() else c.encode("cp1252") for c in run)
        return raw.decode("utf-8")
    except UnicodeError:
        return run


def _chosen(path: Path, wanted: str, head: bytes, language: str) -> Found:
    try:
        codecs.lookup(wanted)
        "".encode(wanted)
        is_cut = not _decodes(path, wanted)
    except (LookupError, UnicodeError):
        raise Refused(sentences.WRONG_ENCODING.english(encoding=wanted[:40])) from None
    sample = _sample(path)
    others = [wanted, "utf-8", *(ranked(sample, language)[:MANY] if sample else ())]
    return Found(wanted, tuple(dict.fromkeys([*others, *OFFERED])), is_cut)


def _without_bom(head: bytes) -> str:
    """Recognise UTF-16 by its zeros, which stand at every other place."""
    sample = head[: CHUNK // 16]
    sample = sample[: len(sample) // 2 * 2]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if most < 4 or most * 50 < len(sample) // 2 or least * 20 > most:
        return ""
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    text = sample.decode(encoding, "replace")
    strange = sum(1 for char in text if char == "\ufffd" or unicodedata.category(char) in ("Cn", "Co", "Cc"))
    return encoding if strange - text.count("\n") - text.count("\r") - text.count("\t") <= len(text) // 50 else ""


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            while piece := file.read(CHUNK):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _sample(path: Path) -> bytes:
    """Return lines with bytes beyond ASCII."""
    kept, size = [], 0
    with path.open("rb") as file:
        while size < SAMPLE and (line := file.readline(4096)):
            if not line.isascii():
                kept.append(line.rstrip(b"\r\n"))
                size += len(line)
    return b"\n".join(kept)


def _by_words(path: Path, sample: bytes, language: str) -> Found:
    text = sample.decode("utf-8", "replace")
    bad, letters = text.count("\ufffd"), sum(map(str.isalpha, filter(lambda c: not c.isascii(), text)))
    best = ranked(sample, language)
    # A file of UTF-8 that was cut, or with a line from elsewhere.
    if letters and letters >= MOSTLY * (bad + letters):
        return Found("utf-8", ("utf-8", *best[:MANY], *OFFERED), is_cut=True)
    if not best:
        best = ((chardet.detect(sample)["encoding"] or "cp1252").lower(),)
    return Found(best[0], tuple(dict.fromkeys([*best[:MANY], *OFFERED])), not _decodes(path, best[0]))
