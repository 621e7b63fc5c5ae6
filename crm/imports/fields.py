"""What a column of a file may be."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from crm.values.language import N_


class Several(StrEnum):
    """What becomes of two columns of one field, or two values in a cell."""

    JOIN = "join"
    """In the order of the columns."""
    FIRST = "first"
    """The first that isn't empty; for phones and e-mails the first valid one, and the others are kept."""
    LINES = "lines"


class Field(NamedTuple):
    name: str
    label: str
    several: Several = Several.FIRST


_FIELDS = (
    Field("name", N_("Name"), Several.JOIN),
    Field("first_name", N_("First name"), Several.JOIN),
    Field("middle_name", N_("Middle name"), Several.JOIN),
    Field("last_name", N_("Last name"), Several.JOIN),
    Field("company", N_("Company")),
    Field("phone", N_("Phone")),
    Field("phone_extension", N_("Extension")),
    Field("email", N_("E-mail")),
    Field("passport_number", N_("Passport number")),
    Field("address", N_("Address"), Several.LINES),
    Field("city", N_("City")),
    Field("province", N_("Province")),
    Field("postal_code", N_("Postal code")),
    Field("country", N_("Country")),
    Field("birthday", N_("Birthday")),
    Field("service_type", N_("Service")),
    Field("source", N_("Source")),
    Field("language", N_("Language")),
    Field("branch", N_("Branch")),
    Field("tags", N_("Tags"), Several.JOIN),
    Field("notes", N_("Notes"), Several.LINES),
    Field("is_active", N_("Active")),
    Field("sms_allowed", N_("SMS allowed")),
    Field("whatsapp_allowed", N_("WhatsApp allowed")),
    Field("email_allowed", N_("E-mail allowed")),
    Field("id", N_("Number in this CRM")),
)
FIELDS = {field.name: field for field in _FIELDS}

NAME_PARTS = ("first_name", "middle_name", "last_name")
CONSENTS = ("sms_allowed", "whatsapp_allowed", "email_allowed")
