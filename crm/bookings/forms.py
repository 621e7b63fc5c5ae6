"""The form of a booking, with a part for each of its persons."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from typing import Any

from flask import request
from wtforms import FieldList, FormField, HiddenField, SelectField, StringField, ValidationError

from crm.accounts.queries import current_organization
from crm.bookings.models import Booking, BookingStatus
from crm.bookings.queries import persons_of
from crm.bookings.rules import (
    CONTACT,
    DATE_SENTENCE,
    MAX_PERSONS,
    NO_PERSONS,
    NUMBER_LIMIT,
    TOO_MANY_PERSONS,
    date_problem,
    is_nothing,
)
from crm.bookings.services import NumberTakenError
from crm.customers.fields import ContactForm, chosen_branch, offer_branches
from crm.kernel.errors import SentenceError
from crm.values import money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, Length, options
from crm.web.ids import id_in


class PersonForm(ContactForm):
    """A person of a booking; an empty one is skipped."""

    class Meta(ContactForm.Meta):
        csrf = False

    id = HiddenField()
    name = StringField(N_("Name"))
    phone = StringField(N_("Phone"))
    email = StringField(N_("E-mail"))
    passport_number = StringField(N_("Passport number"))
    missing = N_("Enter the guest's name.")
    is_needed = False

    @property
    def is_blank(self) -> bool:
        return not any(self[field].data for field in CONTACT)

    def validate_name(self, field: StringField) -> None:
        """Require a name where another field is filled."""
        if not field.data and (self.is_needed or not self.is_blank):
            raise ValidationError(self.missing)

    def values(self) -> dict[str, Any]:
        return {"id": id_in(self["id"].data)} | self.contact_values()


class PersonList(FieldList):  # type: ignore[misc]  # wtforms has no types
    """Persons by the number in the field name, `persons-7-name`; numbers may have gaps."""

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        return _places(prefix, formdata)


class BookingForm(CreatingForm):
    number = StringField(N_("Number"), [Length(NUMBER_LIMIT)])
    date = StringField(N_("Date"))
    status = SelectField(N_("Status"), choices=options((status.value, status.label) for status in BookingStatus))
    amount = StringField(N_("Amount"))
    branch = SelectField(N_("Branch"), coerce=str)
    persons = PersonList(FormField(PersonForm), N_("Guests"), min_entries=1, max_entries=MAX_PERSONS + 1)
    lead_person = StringField(N_("Main contact"))
    hundredths = 0
    day: dt.date
    focused: str | None = None
    """The field to focus after a person was added or removed."""

    def __init__(self, *args: Any, booking: Booking | None = None, **kwargs: Any) -> None:
        shown = booking if request.method == "GET" else None
        super().__init__(*args, data=_data(shown) if shown else None, **kwargs)
        self._all = list(self.persons.entries)
        self._places = sorted(set(_places("persons", request.form)))
        # What is not sent stays as it is.
        offer_branches(self, booking.branch_id if booking else None)
        if not self.status.raw_data:
            self.status.data = booking.status if booking else BookingStatus.PENDING.value

    @property
    def wants_other_persons(self) -> bool:
        """Whether the user adds or removes a person before saving."""
        return self.is_submitted() and bool({"add_person", "remove_person"} & request.form.keys())

    def refill(self) -> None:
        """Add or remove a person; everything typed stays."""
        entries = self.persons.entries
        if "remove_person" in request.form:
            removed = self._entry(request.form["remove_person"])
            entries[:] = [entry for entry in entries if entry is not removed]
        elif len(entries) <= MAX_PERSONS:
            self.persons.max_entries = None
            self.persons.append_entry()
        if not entries:
            self.persons.append_entry()
        self.focused = entries[-1].form.name.id

    def is_lead(self, entry: FormField) -> bool:
        """Whether it is the marked person, or else the first one."""
        marked = self._entry(self.lead_person.data or "")
        return entry is (marked if marked in self.persons.entries else self.persons[0])

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        if all(entry.form.is_blank for entry in self.persons):
            self.persons[0].form.is_needed, self.persons[0].form.missing = True, NO_PERSONS
        return bool(super().validate(*args, **kwargs))

    def validate_date(self, field: StringField) -> None:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", field.data or "", re.ASCII):
            raise ValidationError(DATE_SENTENCE)
        try:
            self.day = dt.date.fromisoformat(field.data)
        except ValueError:
            raise ValidationError(DATE_SENTENCE) from None
        if problem := date_problem(self.day):
            raise ValidationError(problem)

    def validate_amount(self, field: StringField) -> None:
        """Parse the amount; empty is 0."""
        if is_nothing(field.data or ""):
            return
        organization = current_organization()
        try:
            self.hundredths = money.parse_amount(field.data, organization.locale, organization.currency)
        except money.MoneyError as error:
            raise ValidationError(str(error)) from None

    def validate_persons(self, field: FieldList) -> None:
        if sum(not entry.form.is_blank for entry in field) > MAX_PERSONS:
            sentence = _(TOO_MANY_PERSONS, most=MAX_PERSONS)
            self.form_errors.append(sentence)
            raise ValidationError(sentence)

    def values(self) -> dict[str, Any]:
        values = {"number": self.number.data or "", "date": self.day, "amount": self.hundredths}
        values["status"] = self.status.data
        return values | chosen_branch(self)

    def people(self) -> list[dict[str, Any]]:
        entries = [entry for entry in self.persons if not entry.form.is_blank]
        return [entry.form.values() | {"is_lead": self.is_lead(entry)} for entry in entries]

    def explain(self, error: SentenceError) -> None:
        if isinstance(error, NumberTakenError):
            self.fail("number", str(error))
        else:
            self.refuse("number", error)

    def _entry(self, place: str) -> FormField | None:
        """Return the entry with this number in its field names; wtforms numbers entries anew."""
        places = self._places or list(range(len(self.persons)))
        at = places.index(int(place)) if _is_place(place) and int(place) in places else -1
        return self._all[at] if 0 <= at < len(self._all) else None


def _data(booking: Booking) -> dict[str, Any]:
    organization = current_organization()
    persons = persons_of(booking.id)
    lead = next((at for at, person in enumerate(persons) if person.is_lead), 0)
    return {
        "number": booking.number,
        "date": booking.date.isoformat(),
        "amount": money.as_typed(booking.amount, organization.currency, organization.locale) if booking.amount else "",
        "lead_person": str(lead),
        "persons": [
            {field: getattr(person, field) or "" for field in CONTACT}
            | {"id": str(person.id), "phone": person.full_phone}
            for person in persons
        ],
    }


def _places(prefix: str, names: Iterable[str]) -> Iterator[int]:
    """Yield the numbers in the field names of persons."""
    for name in names:
        place = name.removeprefix(f"{prefix}-").partition("-")[0]
        if name.startswith(f"{prefix}-") and _is_place(place):
            yield int(place)


def _is_place(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
