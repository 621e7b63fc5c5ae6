"""The part of a booking's form for one guest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from wtforms import FieldList, HiddenField, StringField, ValidationError

from crm.accounts.queries import current_organization
from crm.bookings.known import contact_of, is_still
from crm.bookings.rules import CONTACT
from crm.customers.fields import ContactForm
from crm.customers.models import Customer
from crm.values.language import N_
from crm.web.ids import id_in


class PersonForm(ContactForm):
    """A guest; an empty one is skipped. `customer` is who was chosen among the known customers."""

    class Meta(ContactForm.Meta):
        csrf = False

    id = HiddenField()
    customer = HiddenField()
    name = StringField(N_("Name"))
    phone = StringField(N_("Phone"))
    email = StringField(N_("E-mail"))
    passport_number = StringField(N_("Passport number"))
    missing = N_("Enter the guest's name.")
    is_needed = False
    known: Customer | None = None
    found: Sequence[Customer] | None = None
    """Customers to choose from, once they were asked for."""

    @property
    def is_blank(self) -> bool:
        return not any(self[field].data for field in CONTACT)

    def know(self, customer: Customer | None) -> None:
        """Take `customer` for the guest, unless another name was typed over theirs."""
        self.known = customer if customer is not None and is_still(customer, self["name"].data or "") else None

    def fill(self, customer: Customer) -> None:
        for field, value in contact_of(customer, current_organization().phone_region).items():
            self[field].data = value
        self.known, self.found = customer, None

    def validate_name(self, field: StringField) -> None:
        """Require a name where another field is filled."""
        if not field.data and (self.is_needed or not self.is_blank):
            raise ValidationError(self.missing)

    def values(self) -> dict[str, Any]:
        ids = {"id": id_in(self["id"].data), "customer_id": self.known.id if self.known else None}
        return ids | self.contact_values()


class PersonList(FieldList):  # type: ignore[misc]  # wtforms has no types
    """Guests by the number in the field name, `persons-7-name`; numbers may have gaps."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        return places_in(formdata, prefix)


def places_in(names: Iterable[str], prefix: str = "persons") -> Iterator[int]:
    """Yield the numbers in the field names of guests."""
    for name in names:
        place = name.removeprefix(f"{prefix}-").partition("-")[0]
        if name.startswith(f"{prefix}-") and is_place(place):
            yield int(place)


def is_place(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
