"""Why a row is left out, or waits for somebody to look; stored in English."""

from __future__ import annotations

from crm.customers.rules import MARKETING
from crm.people.matching import Doubt, Kind
from crm.values.language import N_
from crm.values.stored import Stored, stored

NO_NAME = stored(N_("There is no name. Enter one."))
NOT_THERE = stored(N_("Nobody like this is among the customers, and only those who are there are brought up to date."))
THERE = stored(N_("Is among the customers already, and only new ones are added."))
ARCHIVED = stored(N_("This is %(name)s, who is archived. Restore them, then check the file again."))
ELSEWHERE = stored(N_("This is a customer of another branch. Ask a manager."))
NO_BRANCH = stored(N_("There is no branch called %(name)s. Add it in the settings, or leave the column out."))
TWIN = stored(N_("The same person as in row %(number)s."))
CHANGED_SINCE = stored(N_("The customer was changed after the check, so nothing was done. Import the file once more."))
NOT_SAVED = stored(N_("This row could not be saved. Check its values, and import it once more."))

KEPT_GONE = stored(N_("Deleted since."))
KEPT_MERGED = stored(N_("Merged with another customer since."))
KEPT_TOUCHED = stored(N_("Changed or used since."))
KEPT_FIELD = stored(N_("%(noun)s was changed since, and stays."))
KEPT_FIELDS = stored(N_("Several details were changed since, and stay."))
KEPT_EMAIL = stored(N_("Another customer has the e-mail of before."))
UNDO_FAILED = stored(N_("This could not be undone. Try again."))

FIELDS: dict[str, str] = {
    "name": N_("Name"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "passport_number": N_("Passport number"),
    "address": N_("Address"),
    "city": N_("City"),
    "province": N_("Province"),
    "postal_code": N_("Postal code"),
    "birthday": N_("Birthday"),
    "notes": N_("Notes"),
    "branch_id": N_("Branch"),
    "service_type": N_("Service"),
    "source": N_("Source"),
    "language": N_("Language"),
    "is_active": N_("Active"),
    "sms_allowed": N_("SMS"),
    "whatsapp_allowed": N_("WhatsApp"),
    "email_allowed": N_("Messages by e-mail"),
    **MARKETING,
}

_DOUBTS = {
    (Kind.PHONE, Doubt.NAMES): stored(N_("Same phone number as %(name)s, but another name.")),
    (Kind.PHONE, Doubt.KEYS): stored(N_("Same phone number as %(name)s and a similar name; other details differ.")),
    (Kind.PHONE, Doubt.PASSPORTS): stored(N_("Same phone number as %(name)s, but another passport number.")),
    (Kind.EMAIL, Doubt.NAMES): stored(N_("Same e-mail as %(name)s, but another name.")),
    (Kind.EMAIL, Doubt.KEYS): stored(N_("Same e-mail as %(name)s and a similar name; other details differ.")),
    (Kind.EMAIL, Doubt.PASSPORTS): stored(N_("Same e-mail as %(name)s, but another passport number.")),
    (Kind.PASSPORT, Doubt.NAMES): stored(N_("Same passport number as %(name)s, but another name.")),
    (Kind.PASSPORT, Doubt.KEYS): stored(N_("Same passport number as %(name)s; other details differ.")),
}


def of_doubt(kind: Kind, doubt: Doubt) -> Stored:
    return _DOUBTS[kind, doubt]
