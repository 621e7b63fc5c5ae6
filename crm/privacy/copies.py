"""A copy of all that hangs on a person, as a ZIP of JSON, a page to read and files that is written while it is sent."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from flask import render_template

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel import storage
from crm.kernel.columns import one_of
from crm.kernel.data import Erasure, Holds, Rows
from crm.kernel.extensions import db
from crm.kernel.storage import Storage, StorageError
from crm.privacy import tables
from crm.privacy.labels import FIELDS, TITLES
from crm.privacy.person import Person, documents_of
from crm.privacy.rules import MASK, Masking, Named
from crm.values import birthdays, clock, language, money, phone

LEFT_OUT = {
    "customer_search",
    "duplicates",
    "merges",
    "bulk_change_rows",
    "attempt_places",
    "inactive_customers",
    "customer_links",
    "customer_sessions",
    "customer_cards",
    "customer_codes",
}
"""What is of our own workings, or tells of others."""
OURS = re.compile(r"(?:_key|_text|_token|_by_id|_until|^key|^organization_id|^claim_.*|^sha256|^uid)$")
"""Columns by which we find and do things."""
STYLE = (
    ":root { color-scheme: light dark } "
    "body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem } "
    "dl { border-top: 1px solid; padding-top: .5rem; display: grid; grid-template-columns: minmax(6rem, 12rem) 1fr } "
    "dd { margin: 0; overflow-wrap: anywhere; white-space: pre-line }"
)
"""Of the page, which is opened from a folder and has no style sheet."""
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"(?<![\w+])\+?\d(?:[\s().\-/]?\d){7,14}(?!\w)")


class Copy(NamedTuple):
    """`files` are (name, key) of files in the storage, `texts` of what is written here."""

    filename: str
    texts: Mapping[str, str]
    files: Sequence[tuple[str, str]]
    storage: Storage

    def chunks(self) -> Iterator[bytes]:
        """Write the ZIP piece by piece; a file that is gone from the storage is named in `missing.txt`."""
        sink, missing = _Sink(), []
        with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in self.texts.items():
                archive.writestr(name, text)
                yield sink.taken()
            for name, key in self.files:
                try:
                    _size, content = self.storage.stream(key)
                    with archive.open(zipfile.ZipInfo(name, date_time=(2000, 1, 1, 0, 0, 0)), "w") as entry:
                        for chunk in content:
                            entry.write(chunk)
                            yield sink.taken()
                except (FileNotFoundError, StorageError):
                    missing.append(name)
            if missing:
                archive.writestr("missing.txt", "\n".join(missing))
        yield sink.taken()


class _Sink(io.RawIOBase):
    """Where a ZIP is written that can't be read back."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        found, self._written = b"".join(self._written), []
        return found


def write_copy(path: Path, query: Mapping[str, str]) -> None:
    """Write the copy of the customer that the query names."""
    customer = db.session.get_one(Customer, int(query["customer"]))
    with path.open("wb") as file:
        file.writelines(copy_of(customer, Person.of_customer(customer.id)).chunks())


def rows_in(person: Person) -> int:
    """Return how many rows a copy has."""
    return sum(len(_ids(person, table.name, rows)) for table, rows in tables.tables())


def copy_of(customer: Customer, person: Person) -> Copy:
    """Put together a customer's copy, in their language or the reader's."""
    hide = _Hiding(person)
    data = {
        table.name: [_shown(rows, row, hide) for row in tables.rows_of(table, ids)]
        for table, rows in tables.tables()
        if (ids := _ids(person, table.name, rows))
    }
    files = [
        (f"files/{row['id']}-{row['filename']}", row["original_key"])
        for row in tables.rows_of(tables.table_named("receipts"), person.own["receipts"] | documents_of(person))
    ]
    spoken = customer.language if customer.language in language.LANGUAGES else language.code()
    with language.speaking(spoken):
        context = {
            "name": customer.name,
            "parts": _parts(data),
            "files": files,
            "style": STYLE,
            "spoken": language.LANGUAGES[spoken],
        }
        page = render_template("privacy/copy.html", **context)
    texts = {"data.json": json.dumps(data, ensure_ascii=False, indent=1, default=str), "data.html": page}
    return Copy(f"data-{customer.id}-{clock.utcnow():%Y-%m-%d}.zip", texts, files, storage.current())


def _ids(person: Person, name: str, rows: Rows) -> set[int]:
    if name in LEFT_OUT:
        return set()
    return person.shared.get(name, set()) if rows.erasure is Erasure.SHARED else person.own.get(name, set())


def _shown(rows: Rows, row: Mapping[str, Any], hide: _Hiding) -> dict[str, Any]:
    return {
        column: hide(value) if rows.column(column).holds is not Holds.NOTHING else value
        for column, value in row.items()
        if value not in (None, "") and not OURS.search(column) and column not in rows.points_to
    }


class _Hiding:
    """Masks numbers, addresses and guests that are not the person's."""

    def __init__(self, person: Person) -> None:
        self._own = person.named
        self._digits = {phone.digits(number)[-8:] for number in person.named.phones}
        self._others = Masking(_others(person), current_organization().phone_region)

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            masked = self._others.mask(value) if value not in self._own.names else value
            masked = _EMAIL.sub(self._email, masked)
            return _NUMBER.sub(self._number, masked)
        if isinstance(value, list):
            return [self(item) for item in value]
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        return value

    def _email(self, found: re.Match[str]) -> str:
        own = {address.casefold() for address in self._own.emails}
        return found[0] if found[0].casefold() in own else MASK

    def _number(self, found: re.Match[str]) -> str:
        is_own = phone.digits(found[0])[-8:] in self._digits
        return found[0] if is_own or _DAY.match(found[0]) else MASK


def _others(person: Person) -> Named:
    """Return what names the other guests of the person's bookings."""
    found = Named()
    persons = tables.table_named("booking_persons")
    with_person = tables.ids_where(persons, one_of(persons.columns.booking_id, person.shared.get("bookings", ())))
    for row in tables.rows_of(persons, with_person - person.own["booking_persons"]):
        for field in ("name", "phone", "email", "passport_number"):
            found.learn(field, row[field])
    found.names -= person.named.names
    return found


def _parts(data: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[tuple[str, list[list[tuple[str, str]]]]]:
    """Return what a reader wants to see: titles with rows of labels and values."""
    parts = []
    for name, title in TITLES.items():
        rows = [
            [(str(FIELDS[key]), _said(key, value, row)) for key, value in row.items() if key in FIELDS]
            for row in data.get(name, ())
        ]
        if any(rows):
            parts.append((str(title), [row for row in rows if row]))
    return parts


def _said(key: str, value: Any, row: Mapping[str, Any]) -> str:
    organization = current_organization()
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(clock.zone(organization.time_zone)):%Y-%m-%d %H:%M}"
    if key == "amount" and isinstance(value, int):
        return money.format_amount(value, row.get("currency") or organization.currency, organization.locale)
    if key == "birthday":
        return clock.say_birthday(birthdays.written(value, row.get("birth_year")), organization.locale)
    return str(value)
