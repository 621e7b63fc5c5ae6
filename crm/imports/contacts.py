"""Phone numbers and e-mail addresses in a row's cells: the first valid one counts, the others are kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from crm.imports.repairs import Say, digits_in
from crm.people.identity import EmailError, normalize_email
from crm.values import phone

MOST_DIGITS = 15
"""That a spreadsheet keeps of a number."""

SCIENTIFIC = re.compile(r"[+-]?\d(?:[.,](\d{0,20}))?[eE]\+?(\d{1,3})")
DECIMALS = re.compile(r"\+?(\d{1,40})[.,]0{1,6}")
_PARTS = re.compile(r":::|[\n;,|]| / |/(?=[+0])| (?:or|and|atau|dan|und|oder|et|ou|o|y|او|أو) ")
_EMAIL_PARTS = re.compile(r":::|[\s;,|]")
_EMAIL = re.compile(r"[^\s<>;,:\"()@\[\]]{1,64}@[^\s<>;,:\"()@\[\]]{1,255}")
_AT = re.compile(r" ?(?:\(at\)|\[at\]|\(a\)| at ) ?", re.IGNORECASE)
_DOT = re.compile(r" ?(?:\(dot\)|\[dot\]| dot ) ?", re.IGNORECASE)
_LINKS = ("tel:", "callto:", "sms:", "whatsapp:")


@dataclass(slots=True)
class Contacts:
    """valid: all that can be reached, the first one to be the customer's. bad: the others. code: why a row is wrong."""

    valid: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    code: str = ""
    compared: list[str] = field(default_factory=list)


def read_phones(cells: Sequence[str], region: str, say: Say) -> Contacts:
    found = Contacts()
    for cell in cells:
        number = phone.parse(cell, region)
        if number.valid and not cell[0].isalpha():
            _take(cell, number.value, found, say)
        elif lost := lost_digits(cell):
            found.code = found.code or lost
            found.bad.append(cell)
        else:
            for part in filter(str.strip, _PARTS.split(cell)):
                _read_part(part.strip(), region, found, say)
    if len(found.valid) > 1:
        say("several_phones")
    if not found.valid and found.bad and not found.code:
        say("not_callable")
    elif found.valid and found.bad:
        say("phone_to_notes")
    return found


def _read_part(part: str, region: str, found: Contacts, say: Say) -> None:
    text = part.removeprefix("* ")
    if text.lower().startswith(_LINKS):
        say("link")
        text = text.partition(":")[2].partition(";")[0]
    number = phone.parse(text, region)
    if number.valid:
        _take(text, number.value, found, say)
        return
    if lost := lost_digits(text):
        found.code = found.code or lost
    found.bad.append(text)


def _take(text: str, value: str, found: Contacts, say: Say) -> None:
    if text[0] not in "+0(":
        _say_how(text, value, say)
    same = phone.matching(value)
    if same not in found.compared:
        found.compared.append(same)
        found.valid.append(text)


def _say_how(text: str, value: str, say: Say) -> None:
    """Say what was understood of a number that begins without 0 and plus."""
    if SCIENTIFIC.fullmatch(text) or DECIMALS.fullmatch(text):
        say("number")
        return
    typed = digits_in(text)
    if value == f"+{typed}":
        say("without_plus")
    elif value.endswith(typed) and typed:
        say("without_zero")


def lost_digits(text: str) -> str:
    """Return the code of a number whose last digits a spreadsheet cut off; "" for others."""
    if found := SCIENTIFIC.fullmatch(text):
        return "digits_lost" if len((found[1] or "").rstrip()) < int(found[2]) else ""
    bare = DECIMALS.fullmatch(text)
    typed = bare[1] if bare else text.lstrip("+")
    return "too_many_digits" if len(typed) > MOST_DIGITS and typed.isascii() and typed.isdecimal() else ""


def read_emails(cells: Sequence[str], say: Say) -> Contacts:
    found = Contacts()
    for cell in cells:
        if (address := email(cell)) is not None:
            _add(found, address)
            continue
        parts = [part for part in _EMAIL_PARTS.split(cell) if part]
        good = [address for part in parts if (address := email(part.removeprefix("mailto:").strip("<>.\"'")))]
        if not good:
            good = [address for part in _EMAIL.findall(cell) if (address := email(part))]
        if good:
            say(
                "link" if cell.lower().startswith("mailto:") else "several_emails" if len(good) > 1 else "email_in_text"
            )
            for address in good:
                _add(found, address)
            found.bad += [
                part for part in parts if "@" in part and email(part.removeprefix("mailto:").strip("<>.\"'")) is None
            ]
        else:
            found.bad.append(cell)
    if found.bad and found.valid:
        say("email_to_notes")
    elif found.bad:
        found.code = "email"
    return found


def _add(found: Contacts, address: str) -> None:
    if address not in found.valid:
        found.valid.append(address)


def email(text: str) -> str | None:
    try:
        return normalize_email(text) if "@" in text else None
    except EmailError:
        return None


def likely_email(text: str) -> str | None:
    """Return what was probably meant: `ana (at) example,com`."""
    plain = _DOT.sub(".", _AT.sub("@", text[:300])).replace(" ", "").replace("@@", "@").replace("..", ".")
    return email(plain.replace(",", ".").strip(".,;:<>'\""))
