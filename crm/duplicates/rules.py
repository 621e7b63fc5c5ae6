"""Compare two customers: what agrees, what is suggested, and which field is taken from whom."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from crm.people.identity import is_stopgap
from crm.people.matching import Doubt, Kind
from crm.people.names import Likeness, likeness, names_agree
from crm.values import phone

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
        return self.name in CONSENT


CONSENT = ("sms_allowed", "whatsapp_allowed")
FIELDS = (
    MergeField("name", "Name", ("name", "name_key")),
    MergeField("phone", "Phone", ("phone", "phone_valid", "phone_extension")),
    MergeField("email", "E-mail", ("email",)),
    MergeField("passport_number", "Passport number", ("passport_number",)),
    MergeField("address", "Address", ("address",)),
    MergeField("city", "City", ("city", "city_key")),
    MergeField("province", "Province", ("province", "province_key")),
    MergeField("postal_code", "Postal code", ("postal_code",)),
    MergeField("branch", "Branch", ("branch_id",)),
    MergeField("service_type", "Service", ("service_type",)),
    MergeField("source", "Source", ("source",)),
    MergeField("sms_allowed", "SMS", ("sms_allowed",)),
    MergeField("whatsapp_allowed", "WhatsApp", ("whatsapp_allowed",)),
    MergeField("notes", "Notes", ("notes",)),
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
    what = {Kind.PHONE: "phone number", Kind.EMAIL: "e-mail", Kind.PASSPORT: "passport number"}.get(shared)  # type: ignore[call-overload]  # a StrEnum is its text
    if what is None:
        return "Somebody chose these two in the list."
    why = {
        Doubt.NAMES: "but their names differ: two people may share it, like a family",
        Doubt.PASSPORTS: "but different passport numbers",
        Doubt.KEYS: "and their names go together, but not everything else does",
    }.get(doubt, "and nothing else is known")  # type: ignore[call-overload]  # a StrEnum is its text
    return f"Both have the same {what}, {why}."


def default_owner(field: MergeField, survivor: Mapping[str, Any], merged: Mapping[str, Any]) -> int:
    """Return the id of the customer a field is taken from by default; consent takes the stricter value."""
    one, other = survivor[field.column], merged[field.column]
    if field.is_consent:
        takes_other = bool(one) and not other
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
    *most, last = things
    return f"{', '.join(most)} and {last}" if most else last


def _folded(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
