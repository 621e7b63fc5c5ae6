"""Activity texts for customers."""

from __future__ import annotations

from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
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


def _edited(event: ActivityEvent) -> Activity:
    lines = [_changed(field, event) for field in FIELDS if field in event.changes]
    return Activity(lines[0]) if len(lines) == 1 else Activity("Edited", lines)


def _changed(field: str, event: ActivityEvent) -> str:
    before, after = (_shown(field, value, event) for value in event.changes[field])
    label = FIELDS[field]
    if field in ("sms_allowed", "whatsapp_allowed"):
        return f"{label} switched {'on' if event.after(field) else 'off'}"
    if before and after:
        return f"{label} from {before} to {after}"
    return f"{label} added: {after}" if after else f"{label} removed: {before}"


def _shown(field: str, value: object, event: ActivityEvent) -> str:
    if not value:
        return ""
    if field == "branch_id":
        return event.branches.get(int(str(value)), "that is gone")
    if field == "phone":
        return phone_number(str(value), valid=str(value).startswith("+"))
    return shortened(str(value)) if field in ("notes", "address") else str(value)


def _contact(verb: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        ((kind, (before, after)),) = event.changes.items()
        return Activity(f"{FIELDS[kind]} {verb}: {_shown(kind, after or before, event)}")

    return activity


ACTIVITY: dict[str, ActivityText | str] = {
    "customer.created": "Added",
    "customer.contact_added": _contact("known as well"),
    "customer.contact_removed": _contact("removed"),
    "customer.edited": _edited,
    "customer.archived": "Archived",
    "customer.restored": "Restored",
    "customer.activated": "Activated",
    "customer.deactivated": "Deactivated",
}
