"""The words for what happens to customers themselves."""

from __future__ import annotations

from crm.customers.timeline import Happened, Told, Words, shortened
from crm.web.filters import phone_number

FIELDS = {
    "name": "Name",
    "phone": "Phone",
    "phone_extension": "Extension",
    "email": "E-mail",
    "address": "Address",
    "city": "City",
    "province": "Province",
    "postal_code": "Postal code",
    "passport_number": "Passport number",
    "notes": "Notes",
    "source": "Source",
    "service_type": "Service",
    "branch_id": "Branch",
    "sms_allowed": "SMS",
    "whatsapp_allowed": "WhatsApp",
}
"""The columns whose changes are told, as people call them; the others follow from these."""


def _edited(happened: Happened) -> Told:
    lines = [_changed(field, happened) for field in FIELDS if field in happened.changes]
    return Told(lines[0]) if len(lines) == 1 else Told("Edited", lines)


def _changed(field: str, happened: Happened) -> str:
    before, after = (_shown(field, value, happened) for value in happened.changes[field])
    label = FIELDS[field]
    if field in ("sms_allowed", "whatsapp_allowed"):
        return f"{label} switched {'on' if happened.after(field) else 'off'}"
    if before and after:
        return f"{label} from {before} to {after}"
    return f"{label} added: {after}" if after else f"{label} removed: {before}"


def _shown(field: str, value: object, happened: Happened) -> str:
    if not value:
        return ""
    if field == "branch_id":
        return happened.branches.get(int(str(value)), "that is gone")
    if field == "phone":
        return phone_number(str(value), valid=str(value).startswith("+"))
    return shortened(str(value)) if field in ("notes", "address") else str(value)


def _contact(verb: str) -> Words:
    """Return the words for a further number or address that came or went."""

    def told(happened: Happened) -> Told:
        ((kind, (before, after)),) = happened.changes.items()
        return Told(f"{FIELDS[kind]} {verb}: {_shown(kind, after or before, happened)}")

    return told


WORDS: dict[str, Words | str] = {
    "customer.created": "Added",
    "customer.contact_added": _contact("known as well"),
    "customer.contact_removed": _contact("removed"),
    "customer.edited": _edited,
    "customer.archived": "Archived",
    "customer.restored": "Restored",
    "customer.activated": "Activated",
    "customer.deactivated": "Deactivated",
}
"""How each event is told."""
