"""What a column of a file may be."""

from __future__ import annotations

from typing import NamedTuple

from crm.customers.rules import MARKETING
from crm.values.language import N_


class Field(NamedTuple):
    name: str
    label: str


_FIELDS = (
    Field("name", N_("Name")),
    Field("first_name", N_("First name")),
    Field("middle_name", N_("Middle name")),
    Field("last_name", N_("Last name")),
    Field("company", N_("Company")),
    Field("phone", N_("Phone")),
    Field("phone_extension", N_("Extension")),
    Field("email", N_("E-mail")),
    Field("passport_number", N_("Passport number")),
    Field("address", N_("Address")),
    Field("city", N_("City")),
    Field("province", N_("Province")),
    Field("postal_code", N_("Postal code")),
    Field("country", N_("Country")),
    Field("birthday", N_("Birthday")),
    Field("service_type", N_("Service")),
    Field("source", N_("Source")),
    Field("language", N_("Language")),
    Field("branch", N_("Branch")),
    Field("tags", N_("Tags")),
    Field("notes", N_("Notes")),
    Field("is_active", N_("Active")),
    Field("sms_allowed", N_("SMS allowed")),
    Field("whatsapp_allowed", N_("WhatsApp allowed")),
    Field("email_allowed", N_("E-mail allowed")),
    *(Field(name, label) for name, label in MARKETING.items()),
    Field("id", N_("Number in this CRM")),
)
FIELDS = {field.name: field for field in _FIELDS}

NAME_PARTS = ("first_name", "middle_name", "last_name")
CONSENTS = ("sms_allowed", "whatsapp_allowed", "email_allowed")
