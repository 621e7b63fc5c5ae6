"""Compare two customers: what agrees, what is suggested, and which field is taken from whom."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from babel.lists import format_list

from crm.customers.rules import CONSENTS
from crm.people.identity import is_stopgap
from crm.people.matching import Doubt, Kind
from crm.people.names import Likeness, likeness, names_agree
from crm.values import phone
from crm.values.language import N_, current
from crm.values.language import gettext as _

UNDO_DAYS = 30

CHOSEN = "chosen"
"""The doubt of an entry that a user opened from the list, without a shared key."""


class MergeField(NamedTuple):
    name: str
    label: str
    columns: tuple[str, ...]

    @property
    def column(self) -> str:
        return self.columns[0]

    @property
    def is_consent(self) -> bool:
        return self.name in CONSENTS


FIELDS = (
    MergeField("name", N_("Name"), ("name", "name_key")),
    MergeField("phone", N_("Phone"), ("phone", "phone_valid", "phone_extension")),
    MergeField("email", N_("E-mail"), ("email",)),
    MergeField("passport_number", N_("Passport number"), ("passport_number",)),
    MergeField("address", N_("Address"), ("address",)),
    MergeField("city", N_("City"), ("city", "city_key")),
    MergeField("province", N_("Province"), ("province", "province_key")),
    MergeField("postal_code", N_("Postal code"), ("postal_code",)),
    MergeField("birthday", N_("Birthday"), ("birthday", "birth_year", "birthday_counts_from")),
    MergeField("branch", N_("Branch"), ("branch_id",)),
    MergeField("service_type", N_("Service"), ("service_type",)),
    MergeField("language", N_("Language of messages"), ("language",)),
    MergeField("source", N_("Source"), ("source",)),
    MergeField("sms_allowed", N_("SMS"), ("sms_allowed",)),
    MergeField("whatsapp_allowed", N_("WhatsApp"), ("whatsapp_allowed",)),
    MergeField("email_allowed", N_("Messages by e-mail"), ("email_allowed",)),
    MergeField("notes", N_("Notes"), ("notes",)),
)

BY_NAME = {field.name: field for field in FIELDS}
KEYS = {Kind.PHONE: "phone", Kind.EMAIL: "email", Kind.PASSPORT: "passport_number"}


class Agreement(enum.StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    ONE = "one"
    NONE = "none"


class Suggestion(enum.StrEnum):
    MERGE = "merge"
    SEPARATE = "separate"
    LOOK = "look"
    NAMES = "names"
    RENEWED = "renewed"


def agreement(field: MergeField, first: Mapping[str, Any], second: Mapping[str, Any]) -> Agreement:
    """Compare a field of two rows; names agree also when they are spelled differently."""
    one, other = first[field.column], second[field.column]
    if field.is_consent:
        return Agreement.SAME if one == other else Agreement.DIFFERENT
    if not one and not other:
        return Agreement.NONE
    if field.name == "birthday" and one and other:
        years = first["birth_year"], second["birth_year"]
        is_same = one == other and (years[0] == years[1] or None in years)
        return Agreement.SAME if is_same else Agreement.DIFFERENT
    if not one or not other:
        return Agreement.ONE
    if field.name == "phone":
        one, other = phone.matching(one), phone.matching(other)
    alike = names_agree(one, other) if field.name == "name" else _folded(one) == _folded(other)
    return Agreement.SAME if alike else Agreement.DIFFERENT


def suggestion(first: Mapping[str, Any], second: Mapping[str, Any]) -> Suggestion:
    """Suggest by name, keys and passports; with the same name and key, another passport may be a renewed one."""
    found = {name: agreement(BY_NAME[name], first, second) for name in KEYS.values()}
    names = likeness(first["name"], second["name"])
    shares = Agreement.SAME in found.values()
    passports = first["passport_number"], second["passport_number"]
    if found["passport_number"] is Agreement.DIFFERENT and not any(map(is_stopgap, passports)):
        return Suggestion.RENEWED if shares and names is Likeness.ONE else Suggestion.SEPARATE
    if names is Likeness.ONE:
        return Suggestion.MERGE if shares else Suggestion.LOOK
    return Suggestion.NAMES if names is Likeness.UNSURE else Suggestion.SEPARATE


def shared_key(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return an entry's columns `shared`, `value` and `doubt`: the strongest key that both customers have."""
    for kind, name in KEYS.items():
        if agreement(BY_NAME[name], first, second) is Agreement.SAME:
            alike = agreement(BY_NAME["name"], first, second) is Agreement.SAME
            return kind.value, first[name], (Doubt.KEYS if alike else Doubt.NAMES).value
    return "", "", CHOSEN


def reason(shared: str, doubt: str) -> str:
    """Return the sentence about an entry's shared key, by its columns `shared` and `doubt`."""
    return _(_REASONS.get((shared, doubt)) or _REASONS_OF_KEYS.get(shared) or _PICKED)


_PICKED = N_("Picked from the list of customers.")
_REASONS: dict[tuple[str, str], str] = {
    (Kind.PHONE, Doubt.KEYS): N_("Same phone number and a similar name; some other details differ."),
    (Kind.PHONE, Doubt.NAMES): N_("Same phone number, but different names: people in a family may share it."),
    (Kind.PHONE, Doubt.PASSPORTS): N_("Same phone number, but different passport numbers."),
    (Kind.EMAIL, Doubt.KEYS): N_("Same e-mail and a similar name; some other details differ."),
    (Kind.EMAIL, Doubt.NAMES): N_("Same e-mail, but different names: people in a family may share it."),
    (Kind.EMAIL, Doubt.PASSPORTS): N_("Same e-mail, but different passport numbers."),
    (Kind.PASSPORT, Doubt.KEYS): N_("Same passport number and a similar name; some other details differ."),
    (Kind.PASSPORT, Doubt.NAMES): N_("Same passport number, but different names."),
}
_REASONS_OF_KEYS: dict[str, str] = {
    Kind.PHONE: N_("Same phone number; nothing else is known."),
    Kind.EMAIL: N_("Same e-mail; nothing else is known."),
    Kind.PASSPORT: N_("Same passport number; nothing else is known."),
}


def default_owner(field: MergeField, survivor: Mapping[str, Any], merged: Mapping[str, Any]) -> int:
    """Return the id of the customer a field is taken from by default; consent takes the stricter value."""
    one, other = survivor[field.column], merged[field.column]
    if field.is_consent:
        takes_other = bool(one) and not other
    elif field.name == "birthday" and one and one == other:
        takes_other = survivor["birth_year"] is None and merged["birth_year"] is not None
    elif field.name == "phone" and one and other:
        takes_other = bool(merged["phone_valid"]) and not survivor["phone_valid"]
    else:
        takes_other = not one and bool(other)
    return int((merged if takes_other else survivor)["id"])


def suggested_survivor(first: Mapping[str, Any], second: Mapping[str, Any]) -> int:
    """Return the id to keep: not archived, then more orders, more points, and the lower id."""
    best = min(
        (first, second),
        key=lambda row: (row["archived_at"] is not None, -row["total_orders"], -row["loyalty_points"], row["id"]),
    )
    return int(best["id"])


def can_be_undone(merged_at: dt.datetime, now: dt.datetime) -> bool:
    return now - merged_at < dt.timedelta(days=UNDO_DAYS)


def listed(things: Sequence[str]) -> str:
    """Join things like "a, b and c"."""
    return str(format_list([str(thing) for thing in things], locale=current().locale))


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
