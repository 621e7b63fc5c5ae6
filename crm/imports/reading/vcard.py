"""vCards 2.1, 3.0 and 4.0 as phones, mail programs and tills write them; a broken card is a row of its own."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crm.imports.limits import MAX_CELL
from crm.imports.reading import sentences
from crm.imports.reading.tables import Row

HEADERS = (
    *("Name", "Phone", "E-mail", "Company", "Address", "City", "Province", "Postal code", "Country", "Birthday"),
    *("Tags", "Language", "Notes"),
)
FIELDS = (
    *("name", "phone", "email", "company", "address", "city", "province", "postal_code", "country", "birthday"),
    *("tags", "language", "notes"),
)
# Pictures, sounds and keys are long, and not read.
_WANTED = frozenset(
    {b"N", b"FN", b"TEL", b"EMAIL", b"ORG", b"ADR", b"BDAY", b"NOTE", b"CATEGORIES", b"LANG", b"NICKNAME", b"AGENT"}
)
_NOT_TO_CALL = frozenset({"FAX", "PAGER", "MODEM", "BBS", "VIDEO"})
_PLAIN = {"NOTE": "Notes", "CATEGORIES": "Tags", "LANG": "Language"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NAME = re.compile(rb"(?:[A-Za-z0-9_-]{1,40}\.)?([A-Za-z][A-Za-z0-9-]{0,40})(?=[;:])")
_PART = re.compile(r"(?<!\\);")
_DAY = re.compile(r"(?:(\d{4})-?|--)(\d{2})-?(\d{2})(?:T.{0,30})?", re.DOTALL)


class Property(NamedTuple):
    name: str
    types: frozenset[str]
    value: str

    @property
    def is_first(self) -> tuple[bool, bool]:
        return "CELL" not in self.types, "PREF" not in self.types


def rows(lines: Iterable[bytes], encoding: str) -> Iterator[Row]:
    """Yield a row for each card; `encoding` is that of values that don't say theirs."""
    card: list[Property] | None = None
    number, nested, after_agent = 0, 0, False
    for line in _unfolded(lines):
        head = line[:24].strip().upper().replace(b" ", b"")
        if head.startswith(b"BEGIN:VCARD"):
            if card is not None and after_agent:
                nested += 1
            else:
                if card is not None:
                    number += 1
                    yield Row(number, _cells(card), sentences.BROKEN_CARD.english())
                card, nested = [], 0
        elif head.startswith(b"END:VCARD"):
            if nested:
                nested -= 1
            elif card is not None:
                number += 1
                yield _row(number, card)
                card = None
        elif card is not None and not nested and (found := _property(line, encoding)):
            card.append(found)
        after_agent = head.startswith(b"AGENT")
    if card is not None:
        yield Row(number + 1, _cells(card), sentences.BROKEN_CARD.english())


def _row(number: int, card: list[Property]) -> Row:
    cells = _cells(card)
    if max(map(len, cells)) > MAX_CELL:
        return Row(number, [cell[:MAX_CELL] for cell in cells], sentences.TOO_LONG_CELL.english(row=number))
    return Row(number, cells)


def _unfolded(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join folded lines and soft line breaks; lines of what is not wanted are dropped, so that nothing grows."""
    kept: bytearray | None = None
    is_quoted = False
    for raw in lines:
        line = raw.rstrip(b"\r\n")
        if kept is not None and is_quoted and kept.endswith(b"="):
            del kept[-1:]
            kept += line.lstrip(b" \t") if line[:1] in b" \t" and line[:1] else line
        elif line[:1] in (b" ", b"\t"):
            if kept is not None and len(kept) <= 4 * MAX_CELL:
                kept += line[1:]
        else:
            if kept is not None:
                yield bytes(kept)
            name = _NAME.match(line)
            is_edge = line[:6].upper().startswith((b"BEGIN", b"END"))
            kept = bytearray(line) if is_edge or (name and name[1].upper() in _WANTED) else None
            is_quoted = kept is not None and b"QUOTED-PRINTABLE" in line[:200].upper()
        if kept is not None and len(kept) > 4 * MAX_CELL:
            del kept[4 * MAX_CELL :]
    if kept is not None:
        yield bytes(kept)


def _property(line: bytes, encoding: str) -> Property | None:
    name = _NAME.match(line)
    if not name:
        return None
    place = _colon(line, name.end())
    if place < 0:
        return None
    parameters = line[name.end() : place].decode("ascii", "replace").replace('"', "").upper()
    types: set[str] = set()
    charset, is_quoted, is_base64 = "", False, False
    for parameter in parameters.strip(";").split(";"):
        key, equals, value = parameter.partition("=")
        if key == "CHARSET":
            charset = value
        elif "QUOTED-PRINTABLE" in (key, value):
            is_quoted = True
        elif key == "ENCODING" and value in ("B", "BASE64"):
            is_base64 = True
        else:
            types.update((value if equals else key).split(","))
            types.update({"PREF"} if key == "PREF" else ())
    raw = line[place + 1 :]
    if is_quoted:
        raw = binascii.a2b_qp(raw)
    elif is_base64:
        try:
            raw = binascii.a2b_base64(raw)
        except binascii.Error:
            return None
    return Property(name[1].decode().upper(), frozenset(types), _decoded(raw, charset or encoding))


def _colon(line: bytes, begin: int) -> int:
    """Return the place of the colon before the value; one between quotation marks belongs to a parameter."""
    quoted = False
    for place in range(begin, min(len(line), begin + 1000)):
        if line[place] == 0x22:
            quoted = not quoted
        elif line[place] == 0x3A and not quoted:
            return place
    return line.find(b":", begin)


def _decoded(raw: bytes, charset: str) -> str:
    for encoding in (charset, "utf-8", "cp1252"):
        try:
            return raw.decode(encoding).replace("\r\n", "\n").replace("\0", "")
        except (LookupError, UnicodeError):
            continue
    return raw.decode("latin-1").replace("\0", "")


def _cells(card: list[Property]) -> list[str]:
    found: dict[str, list[str]] = {name: [] for name in HEADERS}
    phones, emails = [], []
    for each in card:
        if each.name == "TEL" and not each.types & _NOT_TO_CALL:
            phones.append(each)
        elif each.name == "EMAIL":
            emails.append(each)
        elif each.name == "ADR":
            _add_address(found, each.value)
        elif each.name == "BDAY":
            found["Birthday"] = found["Birthday"] or [_day(each.value)]
        elif each.name in _PLAIN:
            found[_PLAIN[each.name]].append(_text(each.value))
    found["Phone"] = [_text(each.value).removeprefix("tel:") for each in sorted(phones, key=lambda one: one.is_first)]
    found["E-mail"] = [_text(each.value) for each in sorted(emails, key=lambda one: "PREF" not in one.types)]
    found["Name"] = [_name(card)]
    found["Company"] = [", ".join(_parts(each.value)) for each in card if each.name == "ORG"][:1]
    return ["\n".join(dict.fromkeys(filter(None, found[name]))) for name in HEADERS]


def _add_address(found: dict[str, list[str]], value: str) -> None:
    box, further, street, city, region, code, country = [*_raw_parts(value), *[""] * 7][:7]
    lines = [part for part in (street, further, box) if part]
    if any(found[name] for name in ("Address", "City", "Province", "Postal code", "Country")):
        whole = ", ".join(filter(None, (*lines, city, region, code, country))).replace("\n", ", ")
        found["Notes"].append(whole)
        return
    found["Address"] = ["\n".join(lines)] if lines else []
    for name, part in (("City", city), ("Province", region), ("Postal code", code), ("Country", country)):
        found[name] = [part] if part else []


def _name(card: list[Property]) -> str:
    full = next((_text(each.value) for each in card if each.name == "FN" and each.value.strip()), "")
    if full:
        return full
    for each in card:
        if each.name == "N":
            family, given, middle, before, after = [*_raw_parts(each.value), *[""] * 5][:5]
            return " ".join(filter(None, (before, given, middle.replace(",", " "), family, after)))
    return next((_text(each.value) for each in card if each.name == "NICKNAME"), "")


def _day(value: str) -> str:
    """Return a day as 1990-04-03, or 04-03 without the year."""
    found = _DAY.fullmatch(value.strip())
    if not found:
        return _text(value)
    year, month, day = found.groups()
    return f"{year}-{month}-{day}" if year and year not in ("0000", "1604") else f"--{month}-{day}"


def _raw_parts(value: str) -> list[str]:
    return [_text(part) for part in _PART.split(value)]


def _parts(value: str) -> list[str]:
    return [part for part in _raw_parts(value) if part]


def _text(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
