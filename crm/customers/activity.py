"""Activity texts for customers."""

from __future__ import annotations

from crm.customers.rules import CONSENTS, MARKETING, Consent
from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.people.own_sources import source_shown
from crm.values.language import LANGUAGES, N_
from crm.values.language import gettext as _
from crm.web.filters import birthday, phone_number

FIELDS = {
    "name": N_("Name"),
    "phone": N_("Phone"),
    "phone_extension": N_("Extension"),
    "email": N_("E-mail"),
    "address": N_("Address"),
    "city": N_("City"),
    "province": N_("Province"),
    "postal_code": N_("Postal code"),
    "passport_number": N_("Passport number"),
    "birthday": N_("Birthday"),
    "birth_year": N_("Year of birth"),
    "notes": N_("Notes"),
    "source": N_("Source"),
    "service_type": N_("Service"),
    "language": N_("Language"),
    "branch_id": N_("Branch"),
    "sms_allowed": N_("SMS"),
    "whatsapp_allowed": N_("WhatsApp"),
    "email_allowed": N_("Messages by e-mail"),
    **MARKETING,
}


def _fields(title: str) -> ActivityText:
    """Return the text of a change of fields: the field where it is one, else the title with all of them."""

    def activity(event: ActivityEvent) -> Activity:
        lines = [_changed(field, event) for field in FIELDS if field in event.changes]
        return Activity(lines[0]) if len(lines) == 1 else Activity(_(title), lines)

    return activity


def _changed(field: str, event: ActivityEvent) -> str:
    if field in MARKETING:
        return _("%(field)s: %(state)s", field=FIELDS[field], state=Consent(event.after(field)).label)
    before, after = (_shown(field, value, event) for value in event.changes[field])
    label = FIELDS[field]
    if field in CONSENTS:
        is_on = event.after(field)
        return _("%(field)s switched on", field=label) if is_on else _("%(field)s switched off", field=label)
    if before and after:
        return _("%(field)s from %(before)s to %(after)s", field=label, before=before, after=after)
    if after:
        return _("%(field)s added: %(value)s", field=label, value=after)
    return _("%(field)s removed: %(value)s", field=label, value=before)


def _shown(field: str, value: object, event: ActivityEvent) -> str:
    if not value:
        return ""
    if field == "branch_id":
        return event.branches.get(int(str(value)), _("a deleted branch"))
    if field == "source":
        return source_shown(str(value))
    if field == "language":
        return LANGUAGES[str(value)].name if value in LANGUAGES else str(value)
    if field == "birthday":
        return birthday(str(value))
    if field == "phone":
        return phone_number(str(value), valid=str(value).startswith("+"))
    return shortened(str(value)) if field in ("notes", "address") else str(value)


def _contact(sentence: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        ((kind, (before, after)),) = event.changes.items()
        return Activity(_(sentence, field=FIELDS[kind], value=_shown(kind, after or before, event)))

    return activity


ACTIVITY: dict[str, ActivityText | str] = {
    "customer.created": N_("Added"),
    "customer.contact_added": _contact(N_("%(field)s also known: %(value)s")),
    "customer.contact_removed": _contact(N_("%(field)s removed: %(value)s")),
    "customer.edited": _fields(N_("Edited")),
    "customer.consent": _fields(N_("Consent changed")),
    "customer.archived": N_("Archived"),
    "customer.restored": N_("Restored"),
    "customer.activated": N_("Activated"),
    "customer.deactivated": N_("Deactivated"),
}
