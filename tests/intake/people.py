"""People who come in, as a door reads what was typed of them."""

from __future__ import annotations

import datetime as dt

from crm.people.contact_fields import ContactFields, without_placeholders
from crm.people.person import NOW, Intake


def intake(
    name: str = "",
    phone: str = "",
    email: str = "",
    *,
    branch_id: int | None = None,
    at: dt.datetime = NOW,
    customer_id: int | None = None,
    region: str = "ID",
    **values: str,
) -> Intake:
    """Return the intake of a person of whom this was typed; what is no e-mail address is left out."""
    told = {"name": name, "phone": phone, "email": email, "source": "Manual", **values}
    contact = ContactFields.read(without_placeholders(told), region)
    return Intake(contact, branch_id, at, customer_id)
