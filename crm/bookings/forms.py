"""The form of a booking, with a part for each of its guests."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from flask import request
from wtforms import FormField, SelectField, StringField, TextAreaField, ValidationError

from crm.accounts.queries import current_organization
from crm.bookings.known import contact_of, customers_with, find_known
from crm.bookings.models import Booking, BookingStatus
from crm.bookings.person_forms import PersonForm, PersonList, is_place, places_in
from crm.bookings.queries import persons_of
from crm.bookings.rules import (
    DATE_SENTENCE,
    FIRST_DAY,
    MAX_PERSONS,
    NO_PERSONS,
    NOTE_LIMIT,
    NUMBER_LIMIT,
    SERVICE_LIMIT,
    TOO_MANY_PERSONS,
    UNTIL_SENTENCE,
    date_problem,
    is_nothing,
    until_problem,
)
from crm.bookings.services import NumberTakenError
from crm.customers.fields import chosen_branch, offer_branches
from crm.customers.models import Customer
from crm.invoices.forms import typed_amount
from crm.kernel.errors import SentenceError
from crm.leads.models import Lead
from crm.values import money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, Length, options
from crm.web.ids import id_in

BUTTONS = {"add_person", "remove_person", "find_person", "choose_person"}
"""Buttons that ask for the form filled anew; each but the first names the guest."""


class BookingForm(CreatingForm):
    service = StringField(N_("Destination or service"), [Length(SERVICE_LIMIT)])
    date = StringField(N_("From"))
    date_until = StringField(N_("Until"))
    status = SelectField(N_("Status"), choices=options((status.value, status.label) for status in BookingStatus))
    amount = StringField(N_("Amount"))
    persons = PersonList(FormField(PersonForm), N_("Guests"), min_entries=1, max_entries=MAX_PERSONS + 1)
    note = TextAreaField(N_("Note"), [Length(NOTE_LIMIT)])
    number = StringField(N_("Number"), [Length(NUMBER_LIMIT)])
    branch = SelectField(N_("Branch"), coerce=str)
    lead_person = StringField(N_("Main contact"))
    parsed_amount = 0
    day: dt.date | None = None
    last_day: dt.date | None = None
    focused: str | None = None
    """The field to focus after a guest was added, removed or chosen."""

    def __init__(
        self, *args: Any, booking: Booking | None = None, person: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        """Show `booking`, or a new one with the contact of `person`."""
        shown = _data(booking) if booking and request.method == "GET" else {"persons": [person]} if person else None
        super().__init__(*args, data=shown, **kwargs)
        self._all = list(self.persons.entries)
        self._places = sorted(set(places_in(request.form)))
        chosen = {id_in(entry.form.customer.data) for entry in self._all}
        customers = customers_with(chosen)
        for entry in self._all:
            entry.form.know(customers.get(id_in(entry.form.customer.data) or 0))
        # What is not sent stays as it is.
        offer_branches(self, booking.branch_id if booking else None)
        if not self.status.raw_data:
            self.status.data = booking.status if booking else BookingStatus.PENDING.value

    @property
    def wants_other_persons(self) -> bool:
        """Whether the user adds, removes or looks up a guest before saving."""
        return self.is_submitted() and bool(BUTTONS & request.form.keys())

    def refill(self) -> None:
        """Add, remove, look up or fill in a guest; everything typed stays."""
        entries = self.persons.entries
        if "remove_person" in request.form:
            removed = self._entry(request.form["remove_person"])
            entries[:] = [entry for entry in entries if entry is not removed]
        elif {"find_person", "choose_person"} & request.form.keys():
            self._look_up()
            return
        elif len(entries) <= MAX_PERSONS:
            self.persons.max_entries = None
            self.persons.append_entry()
        if not entries:
            self.persons.append_entry()
        self.focused = entries[-1].form.name.id

    def is_lead(self, entry: FormField) -> bool:
        """Whether it is the marked guest, or else the first one."""
        marked = self._entry(self.lead_person.data or "")
        return entry is (marked if marked in self.persons.entries else self.persons[0])

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        if all(entry.form.is_blank for entry in self.persons):
            self.persons[0].form.is_needed, self.persons[0].form.missing = True, NO_PERSONS
        return bool(super().validate(*args, **kwargs))

    def validate_date(self, field: StringField) -> None:
        day = _date(field.data, DATE_SENTENCE)
        if problem := date_problem(day):
            raise ValidationError(problem)
        self.day = day

    def validate_date_until(self, field: StringField) -> None:
        if field.data:
            self.last_day = _date(field.data, UNTIL_SENTENCE)
            if problem := until_problem(self.day or FIRST_DAY, self.last_day):
                raise ValidationError(problem)

    def validate_amount(self, field: StringField) -> None:
        """Parse the amount; empty is 0."""
        if is_nothing(field.data or ""):
            return
        organization = current_organization()
        try:
            self.parsed_amount = money.parse_amount(field.data, organization.locale, organization.currency)
        except money.MoneyError as error:
            raise ValidationError(str(error)) from None

    def validate_persons(self, field: PersonList) -> None:
        if sum(not entry.form.is_blank for entry in field) > MAX_PERSONS:
            sentence = _(TOO_MANY_PERSONS, most=MAX_PERSONS)
            self.form_errors.append(sentence)
            raise ValidationError(sentence)

    def values(self) -> dict[str, Any]:
        """Return the values by column; of the newer fields only what was sent."""
        values = {"number": self.number.data or "", "date": self.day, "amount": self.parsed_amount}
        later = {"service": self.service.data, "note": self.note.data, "date_until": self.last_day}
        values |= {field: value for field, value in later.items() if self[field].raw_data}
        return values | {"status": self.status.data} | chosen_branch(self)

    def people(self) -> list[dict[str, Any]]:
        entries = [entry for entry in self.persons if not entry.form.is_blank]
        return [entry.form.values() | {"is_lead": self.is_lead(entry)} for entry in entries]

    def explain(self, error: SentenceError) -> None:
        if isinstance(error, NumberTakenError):
            self.fail("number", str(error))
        else:
            self.refuse("number", error)

    def _look_up(self) -> None:
        button = "choose_person" if "choose_person" in request.form else "find_person"
        place, _dash, chosen = request.form[button].partition("-")
        entry = self._entry(place)
        if entry is None:
            return
        self.focused = entry.form.name.id
        customer = customers_with([id_in(chosen)])
        if customer:
            entry.form.fill(*customer.values())
        else:
            entry.form.found = find_known(entry.form.name.data or "", entry.form.phone.data or "")

    def _entry(self, place: str) -> FormField | None:
        """Return the entry with this number in its field names; wtforms numbers entries anew."""
        places = self._places or list(range(len(self.persons)))
        at = places.index(int(place)) if is_place(place) and int(place) in places else -1
        return self._all[at] if 0 <= at < len(self._all) else None


def prefilled(origin: Lead | Customer | None) -> dict[str, Any] | None:
    """Return the first guest of a booking that is added from a lead or a customer."""
    if origin is None:
        return None
    customer_id = origin.customer_id if isinstance(origin, Lead) else origin.id
    return contact_of(origin, current_organization().phone_region) | {"customer": str(customer_id or "")}


def _data(booking: Booking) -> dict[str, Any]:
    persons, region = persons_of(booking.id), current_organization().phone_region
    return {
        "service": booking.service,
        "date": booking.date.isoformat(),
        "date_until": booking.date_until.isoformat() if booking.date_until else "",
        "amount": typed_amount(booking.amount, current_organization().currency),
        "note": booking.note,
        "number": booking.number,
        "lead_person": str(next((at for at, person in enumerate(persons) if person.is_lead), 0)),
        "persons": [
            contact_of(person, region) | {"id": str(person.id), "customer": str(person.customer_id or "")}
            for person in persons
        ],
    }


def _date(text: str | None, sentence: str) -> dt.date:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text or "", re.ASCII):
        try:
            return dt.date.fromisoformat(text or "")
        except ValueError:
            pass
    raise ValidationError(sentence)
