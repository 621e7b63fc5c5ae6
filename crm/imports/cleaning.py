"""Make a customer's values of a row's cells, and say what was repaired."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from crm.customers.rules import MARKETING, Consent, strictest
from crm.imports.answers import UNREACHABLE, consent_of, language_of, yes_or_no
from crm.imports.contacts import DECIMALS, Contacts, email, likely_email, lost_digits, read_emails, read_phones
from crm.imports.countries import is_country
from crm.imports.fields import CONSENTS, NAME_PARTS
from crm.imports.findings import TOO_LONG, Finding, finding
from crm.imports.mapping import Columns
from crm.imports.repairs import CLEAR, Kind, repaired
from crm.imports.synonyms import field_of, folded
from crm.people.contact_fields import ContactFields
from crm.people.limits import LIMITS
from crm.values import birthdays, days, phone
from crm.values.language import N_
from crm.values.stored import stored
from crm.values.text import fold

_MOBILE_WORDS = """
mobile mobil mobiel cell cellular cellphone handy hp handphone ponsel wa whatsapp gsm celular cellulare móvil
portable cep موبائل جوال الجوال محمول المحمول الموبايل موبايل واتساب
"""
MOBILE = frozenset(map(fold, _MOBILE_WORDS.split()))
"""Words in headers: numbers that messages can go to come first."""
FIRST = ("city", "province", "postal_code", "passport_number", "service_type", "source", "branch", "phone_extension")
NUMBERED = frozenset({"passport_number", "postal_code", "phone_extension", "id"})
KINDS = dict.fromkeys(("name", *NAME_PARTS, "company"), Kind.NAME) | dict.fromkeys(("address", "notes"), Kind.TEXT)
NEVER_CLEARED = frozenset({"name", "id", *NAME_PARTS, *CONSENTS, *MARKETING})
NAMES = frozenset({"name", *NAME_PARTS})
NOTHING: frozenset[str] = frozenset()
KEPT_DAYS = 40_000
GOOGLES_OWN = frozenset({"mycontacts", "my contacts", "starred", "other contacts"})
_NO_DAY = re.compile(r"0{1,4}([./-])0{1,2}(?:\1(?:0{4}|00))?")
"""How Outlook writes that there is none."""
_NEGATIVE = re.compile(r"\b(?:unsubscribed|opted out|opt out|optout|do not|no marketing|excluded?)\b")
QUESTION = stored(N_("%(typed)s is read as %(meant)s."))


@dataclass(frozen=True)
class Context:
    """What cells are read by.

    date_orders: `dmy` or `mdy` by column. clear_blank: fields that an empty cell clears.
    """

    region: str = ""
    locale: str = "en_GB"
    today: str = ""
    date_orders: dict[int, str] = field(default_factory=dict)
    is_1904: bool = False
    clear_blank: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        orders = {int(column): order for column, order in kept.get("date_orders", {}).items()}
        return cls(**kept | {"date_orders": orders, "clear_blank": tuple(kept.get("clear_blank", ()))})


class DateQuestion(NamedTuple):
    """Days of a column may be read in two ways: which one is taken, unless somebody says otherwise."""

    column: int
    header: str
    example: str
    order_taken: str
    sentence: str


class Studied(NamedTuple):
    context: Context
    questions: list[DateQuestion]


@dataclass(slots=True)
class Cleaned:
    """A row as a customer.

    cleared: fields to empty. refused: consents that the file says no to. marketing: what it says about those to
    marketing. further: more valid phones and e-mails. stand_in: a name for who has none.
    """

    values: dict[str, Any]
    contact: ContactFields
    cleared: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    marketing: dict[str, Consent] = field(default_factory=dict)
    further: list[tuple[str, str]] = field(default_factory=list)
    stand_in: str = ""
    repaired: list[Finding] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)


def study(
    rows: Iterable[Sequence[str]],
    columns: Columns,
    headers: Sequence[str],
    *,
    region: str,
    locale: str,
    today: str,
    is_1904: bool = False,
) -> Studied:
    """Decide for each column of days how they are written; asks for one that may be read in two ways."""
    dated = [column for column, name in columns.items() if name == "birthday"]
    cells: dict[int, list[str]] = {column: [] for column in dated}
    for row in rows if dated else ():
        for column in dated:
            if row[column]:
                cells[column].append(row[column][:40])
    context = Context(region, locale, today, {}, is_1904)
    questions = []
    for column in dated:
        found = days.evidence(cells[column], locale)
        context.date_orders[column] = found.order
        if not found.is_certain:
            day = days.read(found.example, found.order, dt.date.fromisoformat(today), is_1904).text
            shown = _long(day) if day else "?"
            sentence = QUESTION.english(typed=found.example, meant=shown)
            questions.append(DateQuestion(column, headers[column], found.example, found.order, sentence))
    return Studied(context, questions)


def _long(day: str) -> str:
    found = birthdays.in_year(day[-5:], int(day[:-6] or birthdays.LEAP_YEAR))
    return f"{found.day} {found:%B} {day[:-6]}".strip()


class Cleaner:
    """Cleans the rows of one file, one after the other."""

    def __init__(self, columns: Columns, headers: Sequence[str], context: Context) -> None:
        self._context, self._headers = context, headers
        self._today = dt.date.fromisoformat(context.today) if context.today else dt.date.max
        plan: dict[str, list[int]] = {}
        for column, name in sorted(columns.items()):
            plan.setdefault(name, []).append(column)
        if "phone" in plan:
            plan["phone"].sort(key=lambda column: not MOBILE & set(folded(headers[column]).split()))
        self._plan = [(name, tuple(places), KINDS.get(name, Kind.VALUE)) for name, places in plan.items()]
        self._fields = frozenset(plan)
        self._order = context.date_orders.get(plan.get("birthday", [0])[0], days.DMY)
        self._first = [name for name in FIRST if name in plan]
        self._asks = bool(self._fields & {*CONSENTS, *MARKETING, "is_active", "language", "id"})
        # `Opted out of email`: a yes is a no.
        self._negative = {
            place for name in MARKETING for place in plan.get(name, ()) if _NEGATIVE.search(folded(headers[place]))
        }
        self._days: dict[str, days.Day] = {}
        self._named = {
            name: next((headers[place] for place in places if headers[place]), name.capitalize())
            for name, places in plan.items()
        }
        # A column of another name says in the notes what it is.
        self._before = {
            place: "" if not headers[place] or field_of(headers[place]) == "notes" else f"{headers[place]}: "
            for place in plan.get("notes", ())
        }
        self._field, self._repaired, self._errors = "", [], []  # type: tuple[str, list[Finding], list[Finding]]

    def clean(self, cells: Sequence[str]) -> Cleaned:
        self._repaired, self._errors = [], []
        found, cleared = self._read(cells)
        values: dict[str, Any] = {}
        notes = found.get("notes", [])
        if "tags" in found and (tags := self._tags(found["tags"])):
            notes.append(f"{self._named['tags']}: {tags}")
        if name := _name(found):
            values["name"] = name
        further = self._contacts(found, values, notes)
        for each in self._first:
            if each in found:
                values[each] = self._numbered(each, found[each][0]) if each in NUMBERED else found[each][0]
        if address := self._address(found):
            values["address"] = address
        if "birthday" in found and (day := self._birthday(found["birthday"][0])):
            values["birthday"] = day
        refused = self._answers(found, values) if self._asks else NOTHING
        marketing = self._marketing(found) if self._asks else {}
        if not UNREACHABLE.isdisjoint(map(fold, found.get("marketing_email", ()))):
            refused |= {"email_allowed"}
        company = found.get("company", [""])[0]
        if company and name:
            notes.append(f"{self._named['company']}: {company}")
        if notes:
            values["notes"] = "\n".join(dict.fromkeys(notes))
        if self._context.clear_blank:
            cleared |= self._fields.intersection(self._context.clear_blank) - found.keys()
        contact = self._contact(values)
        stand_in = name or company or values.get("email", "") or values.get("phone", "")
        return Cleaned(
            values,
            contact,
            frozenset(cleared - NEVER_CLEARED) if cleared else NOTHING,
            refused,
            marketing,
            further,
            stand_in[: LIMITS["name"]],
            self._repaired,
            self._errors,
        )

    def _read(self, cells: Sequence[str]) -> tuple[dict[str, list[str]], set[str]]:
        """Return the values of each field, in the order of its columns, and the fields to clear."""
        found: dict[str, list[str]] = {}
        cleared: set[str] = set()
        for name, columns, kind in self._plan:
            for column in columns:
                raw = cells[column]
                if not raw:
                    continue
                self._field = name
                text = repaired(raw, self._say, kind)
                if text == CLEAR:
                    cleared.add(name)
                elif text:
                    if name == "notes":
                        text = self._before[column] + text
                    elif column in self._negative:
                        text = _turned(text)
                    found.setdefault(name, []).append(text)
        return found, cleared

    def _say(self, code: str) -> None:
        entry = finding(self._field, code)
        if entry not in self._repaired:
            self._repaired.append(entry)

    def _wrong(self, name: str, code: str, suggestion: dict[str, str] | None = None) -> None:
        self._errors.append(finding(name, code, suggestion))

    def _tags(self, cells: Sequence[str]) -> str:
        tags: dict[str, None] = {}
        for cell in cells:
            if '"' in cell:
                self._field = "tags"
                self._say("quoted_tags")
            for part in cell.replace('"', "").replace(" ::: ", ",").replace(";", ",").replace("\n", ",").split(","):
                tag = part.strip().removeprefix("* ").strip()
                if tag and tag.lower() not in GOOGLES_OWN:
                    tags[tag] = None
        return ", ".join(tags)

    def _contacts(self, found: dict[str, list[str]], values: dict[str, Any], notes: list[str]) -> list[tuple[str, str]]:
        phones, emails = found.get("phone", []), found.get("email", [])
        if "@" in "".join(phones) or not all("@" in cell for cell in emails):
            phones, emails = self._unswapped(phones, emails)
        self._field = "phone"
        numbers = read_phones(phones, self._context.region, self._say) if phones else Contacts()
        self._field = "email"
        addresses = read_emails(emails, self._say) if emails else Contacts()
        if numbers.code and not numbers.valid:
            self._wrong("phone", numbers.code)
        if addresses.code:
            likely = likely_email(addresses.bad[0])
            self._wrong("email", addresses.code, {"email": likely} if likely else None)
        if numbers.valid or numbers.bad:
            values["phone"] = (numbers.valid or numbers.bad)[0]
        if addresses.valid:
            values["email"] = addresses.valid[0]
        bad = numbers.bad if numbers.valid else numbers.bad[1:]
        notes += [f"{self._named['phone']}: {text}" for text in bad]
        notes += [f"{self._named['email']}: {text}" for text in addresses.bad if addresses.valid]
        return self._further(numbers.valid[1:], values) + [("email", address) for address in addresses.valid[1:]]

    def _further(self, texts: Sequence[str], values: dict[str, Any]) -> list[tuple[str, str]]:
        if not texts:
            return []
        region = self._context.region
        first = phone.parse(values["phone"], region).value
        others = dict.fromkeys(phone.parse(text, region).value for text in texts)
        return [("phone", number) for number in others if phone.matching(number) != phone.matching(first)]

    def _unswapped(self, phones: list[str], emails: list[str]) -> tuple[list[str], list[str]]:
        """Suggest to change what stands in the other's column; an e-mail beside a good one is another one."""
        strange_phones = [cell for cell in phones if email(cell)]
        strange_emails = [cell for cell in emails if "@" not in cell and phone.parse(cell, self._context.region).valid]
        good_phones = [cell for cell in phones if cell not in strange_phones]
        good_emails = [cell for cell in emails if cell not in strange_emails]
        if strange_phones and strange_emails:
            self._wrong("phone", "swapped", {"phone": strange_emails[0], "email": strange_phones[0]})
        elif strange_phones and not emails:
            self._wrong("phone", "email_elsewhere", {"phone": "", "email": strange_phones[0]})
        elif strange_emails and not phones:
            self._wrong("email", "phone_elsewhere", {"phone": strange_emails[0], "email": ""})
        else:
            return good_phones + strange_emails, good_emails + strange_phones
        return good_phones, good_emails

    def _numbered(self, name: str, text: str) -> str:
        """Undo decimals of a number that is none to count with."""
        if lost := lost_digits(text):
            if lost == "digits_lost" or name != "passport_number":
                self._wrong(name, lost)
        elif bare := DECIMALS.fullmatch(text):
            self._field = name
            self._say("number")
            return bare[1]
        return text

    def _address(self, found: dict[str, list[str]]) -> str:
        lines = dict.fromkeys(found.get("address", ()))
        country = found.get("country", [""])[0]
        if country and not is_country(country, self._context.region):
            lines[country] = None
        return "\n".join(lines)

    def _birthday(self, text: str) -> str:
        order, self._field = self._order, "birthday"
        if _NO_DAY.fullmatch(text):
            self._say("nothing")
            return ""
        day = self._days.get(text)
        if day is None:
            day = days.read(text, order, self._today, self._context.is_1904)
            if len(self._days) < KEPT_DAYS:
                self._days[text] = day
        if day.is_wrong:
            self._wrong("birthday", day.code)
            return ""
        if day.code:
            self._say(day.code)
        return day.text

    def _answers(self, found: dict[str, list[str]], values: dict[str, Any]) -> frozenset[str]:
        """Read yes and no, the language and the number; returns the consents that are refused."""
        refused = set()
        for name in CONSENTS:
            said = {self._answer(name, text) for text in found.get(name, ())}
            if False in said:
                refused.add(name)
        if "is_active" in found and (active := self._answer("is_active", found["is_active"][0])) is not None:
            values["is_active"] = active
        if "language" in found:
            if code := language_of(found["language"][0]):
                values["language"] = code
            else:
                self._field = "language"
                self._say("unknown_language")
        if "id" in found:
            number = self._numbered("id", found["id"][0])
            if number.isascii() and number.isdecimal() and len(number) <= 18:
                values["id"] = int(number)
            else:
                self._wrong("id", "id")
        return frozenset(refused)

    def _marketing(self, found: dict[str, list[str]]) -> dict[str, Consent]:
        """Read consent to marketing: the strictest of several columns, nothing where nobody was asked."""
        states: dict[str, Consent] = {}
        for name in MARKETING:
            said = [consent_of(text) for text in found.get(name, ())]
            if None in said:
                self._field = name
                self._say("unknown_answer")
            known = [state for state in said if state not in (None, Consent.NOT_ASKED)]
            if known:
                states[name] = strictest(filter(None, known))
        return states

    def _answer(self, name: str, text: str) -> bool | None:
        said = yes_or_no(text)
        if said is None:
            self._field = name
            self._say("unknown_answer")
        return said

    def _contact(self, values: dict[str, Any]) -> ContactFields:
        contact = ContactFields.read(values, self._context.region)
        if not contact.problems:
            return contact
        wrong = {entry.field for entry in self._errors}
        for name in contact.problems.keys() - wrong:
            if name == "email":
                self._wrong(name, "email")
            else:
                self._errors.append(Finding(name, "too_long", TOO_LONG.english(limit=LIMITS[name])))
        return contact


def _turned(text: str) -> str:
    """Return what an answer to "no marketing?" says of marketing: a no to it is no consent."""
    said = yes_or_no(text)
    return text if said is None else (Consent.WITHDRAWN if said else Consent.NOT_ASKED).value


def _name(found: dict[str, list[str]]) -> str:
    """Return the name; first and last name are surer than one column of all."""
    if NAMES.isdisjoint(found):
        return ""
    parts = [text for part in NAME_PARTS for text in found.get(part, ())]
    whole = found.get("name", [])
    if not whole or ("first_name" in found and "last_name" in found):
        return " ".join(parts)
    return " ".join(dict.fromkeys(whole))
