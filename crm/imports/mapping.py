"""Which column is which field."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crm.imports import profiles
from crm.imports.fields import FIELDS
from crm.imports.reading import vcard
from crm.imports.reading.tables import Row
from crm.imports.synonyms import field_of, folded
from crm.people.identity import EmailError, normalize_email
from crm.values import phone
from crm.values.language import N_
from crm.values.stored import stored

Columns = dict[int, str]
"""Fields by columns, from 0; columns without one are left out."""

CONFIDENT = 0.6
"""From here on nobody has to be asked."""
VALID = 0.8
"""The share of a column's cells that have to be of a field."""
DIFFERENT = 0.6
MOST_WORDS = 6

NOBODY = stored(N_("No column has a name, a phone number or an e-mail. Choose which one it is."))
TWO_IDS = stored(N_("Two columns are “%(noun)s”. Keep one of them."))


@dataclass(frozen=True)
class Recognised:
    """profile: the program that wrote the file, or `last`, `words`, `content`, or "" for nothing known.

    left_out: the headers of columns without a field.
    """

    profile: str
    label: str
    columns: Columns
    confidence: float
    left_out: tuple[str, ...]


def recognise(
    headers: Sequence[str], sample: Sequence[Row], *, last: Columns | None = None, region: str = "", kind: str = ""
) -> Recognised:
    """Find the fields by a known program's headers, by `last`, by words, and by what is in the columns.

    `last` is what was chosen for the same headers before; `region` tells phones from other numbers.
    """
    if kind == "vcard":
        return _recognised("vcard", "vCard", dict(enumerate(vcard.FIELDS)), 1.0, headers)
    if profile := profiles.of_own(headers) or profiles.of(headers):
        columns = {place: profile.columns.get(profiles.key(header), "") for place, header in enumerate(headers)}
        return _recognised(profile.name, profile.label, columns, 1.0, headers)
    if last:
        return _recognised("last", "", last, 1.0, headers)
    columns = {place: field_of(header) for place, header in enumerate(headers)}
    by_words = sum(map(bool, columns.values()))
    _correct_by_content(columns, sample, region)
    _settle_names(columns)
    found = set(columns.values()) - {""}
    if not found:
        return _recognised("", "", {}, 0.0, headers)
    return _recognised("words" if by_words else "content", "", columns, _confidence(found, by_words), headers)


def columns_of(kept: Mapping[str, str]) -> Columns:
    """Return the columns from JSON, whose keys are texts; what is no column or field is left out."""
    return {int(place): field for place, field in kept.items() if str(place).isdecimal() and field in FIELDS}


def signature(headers: Sequence[str]) -> str:
    """Return what is equal for equal headers."""
    return hashlib.sha256("\x1f".join(map(folded, headers)).encode()).hexdigest()


def problems(columns: Columns, headers: Sequence[str]) -> list[str]:
    """Return sentences about columns that make no customers."""
    found = list(columns.values())
    sentences = [] if _who(set(found)) else [NOBODY.english()]
    return sentences + [TWO_IDS.english(noun=str.__str__(FIELDS["id"].label))] * (found.count("id") > 1)


def _who(fields: set[str]) -> set[str]:
    return fields & {"name", "first_name", "last_name", "company", "phone", "email"}


def _confidence(found: set[str], by_words: int) -> float:
    named, reached = bool(found & {"name", "first_name", "last_name"}), bool(found & {"phone", "email"})
    if not by_words:
        return 0.5 if reached else 0.2
    return 0.9 if named and reached else 0.7 if named or reached else 0.3


def _recognised(
    profile: str, label: str, columns: Mapping[int, str], confidence: float, headers: Sequence[str]
) -> Recognised:
    kept = {place: field for place, field in sorted(columns.items()) if field in FIELDS and place < len(headers)}
    left_out = tuple(header for place, header in enumerate(headers) if header and place not in kept)
    return Recognised(profile, label, kept, confidence, left_out)


def _settle_names(columns: Columns) -> None:
    """`Name` beside a first name is the last name; a part of a name that stands alone is all of it."""
    found = set(columns.values())
    if "first_name" in found and "last_name" not in found and "name" in found:
        place = next(place for place, field in columns.items() if field == "name")
        columns[place] = "last_name"
    elif ("first_name" in found) != ("last_name" in found) and "name" not in found:
        for place, field in columns.items():
            if field in ("first_name", "last_name"):
                columns[place] = "name"


def _correct_by_content(columns: Columns, sample: Sequence[Row], region: str) -> None:
    """Look into columns without a field, and into those whose words often mean something else (`Contact`)."""
    cells = {place: [row.cells[place].strip() for row in sample if row.cells[place].strip()] for place in columns}
    for place, field in columns.items():
        if field not in ("", "name", "phone", "email"):
            continue
        found = _by_content(cells[place], region)
        if found and found != field and (field or found not in columns.values()):
            columns[place] = found
    if not {"name", "first_name", "last_name"} & set(columns.values()):
        for place in [place for place, field in columns.items() if not field and _are_names(cells[place])][:1]:
            columns[place] = "name"


def _by_content(cells: Sequence[str], region: str) -> str:
    if not cells:
        return ""
    for field, is_valid in (("email", _is_email), ("phone", _is_phone)):
        if sum(1 for cell in cells if is_valid(cell, region)) >= VALID * len(cells):
            return field
    return ""


def _is_email(cell: str, region: str) -> bool:
    try:
        return "@" in cell and normalize_email(cell.removeprefix("mailto:")) is not None
    except EmailError:
        return False


def _is_phone(cell: str, region: str) -> bool:
    return sum(map(str.isdecimal, cell)) >= 7 and phone.parse(cell, region).valid


def _are_names(cells: Sequence[str]) -> bool:
    """Whether nearly all cells are a few words without digits, and differ."""
    fit = sum(
        1
        for cell in cells
        if len(cell) <= 80
        and len(cell.split()) <= MOST_WORDS
        and cell[0].isalpha()
        and not any(map(str.isdecimal, cell))
    )
    return bool(cells) and fit >= VALID * len(cells) and len(set(cells)) >= DIFFERENT * len(cells)
