"""What is done with bookings: each function is one intent of a user and one transaction.

Whoever saves a booking waits for everybody who takes people in (`lock_intake`), so numbers are given one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.bookings.models import Booking, BookingPerson, BookingStatus
from crm.bookings.queries import is_taken, next_number
from crm.bookings.rules import CONTACT, TOLD, number_key, who_is_who
from crm.bookings.signals import booking_changed
from crm.customers.locks import lock_intake
from crm.customers.search_text import search_text, text_of_record
from crm.intake.services import collect
from crm.intake.sources import Source, register
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.events import changes_of, record_many, row_of
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.leads.services import convert_lead_of
from crm.people.contact_fields import ContactFields
from crm.values.language import gettext as _

SOURCE = Source("booking_persons", "Booking", BookingPerson, Booking.branch_id, BookingPerson.booking)

register(SOURCE)

Changes = dict[str, list[Any]]
Given = Mapping[str, Any]
"""Values of a person: CONTACT, `is_lead`, the `id` of an existing one, and the `customer_id` of a known customer."""


class NumberTakenError(SentenceError):
    def __init__(self, number: str) -> None:
        super().__init__(
            _("There is a booking %(number)s already. Choose another number, or leave it empty.", number=number)
        )


def create(
    values: Given, persons: Sequence[Given], request_key: RequestKey | None = None, lead_id: int | None = None
) -> Booking:
    """Add a booking with its persons, lead and customers.

    Its lead is that of the lead person, unless `lead_id` says from which lead it was made. Without a number it gets the
    next free one. Raises NumberTakenError and KeyReusedError.
    """
    with transaction() as session:
        lock_intake()
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Booking)
        booking = Booking(number="", number_key="", search_text="", amount=0, status_before="")
        _take(booking, {"status": BookingStatus.PENDING.value, **values})
        changes: Changes = {field: [None, value] for field, (_, value) in changes_of(booking).items() if field in TOLD}
        session.add(booking)
        session.flush()
        once.made(booking.id)
        party = _Party(booking, [])
        party.take(persons)
        party.know(lead_id)
        party.tell_each("booking.created", {id_: changes | told for id_, told in party.changes.items()})
        booking_changed.send(booking, customers=party.customers, changes=changes)
        return booking


def edit(booking_id: int, values: Given, persons: Sequence[Given] | None = None) -> Booking:
    """Edit a booking, and its persons if given: missing ones leave it and stay customers.

    Raises NumberTakenError.
    """
    with transaction():
        lock_intake()
        booking = _lock(booking_id)
        party = _Party(booking, _lock_persons(booking_id))
        _take(booking, values)
        changes = {field: values for field, values in changes_of(booking).items() if field in TOLD}
        if persons is not None:
            party.take(persons)
        if not (changes or party.is_changed):
            return booking
        booking.updated_at = db_now()
        party.know()
        party.tell_all("booking.edited", changes)
        party.tell_persons()
        booking_changed.send(booking, customers=party.customers, changes=changes)
        return booking


def cancel(booking_id: int) -> Booking:
    """Lead and customers stay."""
    return _turn(booking_id, "booking.canceled", Booking.cancel)


def take_up(booking_id: int) -> Booking:
    return _turn(booking_id, "booking.taken_up", Booking.take_up)


class _Party:
    """The persons of a booking during a save, and their changes by id."""

    def __init__(self, booking: Booking, persons: Sequence[BookingPerson]) -> None:
        self._booking, self._persons = booking, list(persons)
        self._left: list[tuple[int | None, Changes]] = []
        self._customers: dict[int, int] = {}
        self._lead_id = next((person.id for person in persons if person.is_lead), None)
        self._new: set[int] = set()
        self._lead_changed = False
        self.changes: dict[int, Changes] = {}

    @property
    def is_changed(self) -> bool:
        return bool(self.changes or self._left or self._lead_changed)

    @property
    def customers(self) -> list[int]:
        return sorted(set(self._customers.values()))

    def take(self, given: Sequence[Given]) -> None:
        """Match the given persons with those of the booking, and choose the lead person."""
        region, now = current_organization().phone_region, database_now()
        known = {person.id: person for person in self._persons}
        told = [ContactFields.read(_contact(one), region) for one in given]
        named = [one.get("id") for one in given]
        ids = who_is_who(told, named, {id_: person.contact for id_, person in known.items()})
        persons = [known[id_] if id_ else BookingPerson(booking_id=self._booking.id, is_lead=False) for id_ in ids]
        lead = _lead_among(given, ids, self._lead_id)
        changed: list[tuple[BookingPerson, Changes]] = []
        for at, (person, contact) in enumerate(zip(persons, told, strict=True)):
            person.take_contact(contact)
            _link(person, given[at].get("customer_id"))
            changes = {field: pair for field, pair in changes_of(person).items() if field in CONTACT}
            if changes or person.id is None:
                person.activity_at = now
                changed.append((person, changes))
            person.is_lead = at == lead
        self._remove([person for id_, person in known.items() if id_ not in ids])
        self._keep(persons, changed)
        self._lead_changed = persons[lead].id != self._lead_id

    def know(self, lead_id: int | None = None) -> None:
        """Take the persons in, convert the lead, and update the search text."""
        booking = self._booking
        taken = collect(self._persons, SOURCE.name, booking.branch_id)
        self._customers = {id_: one.customer_id for id_, one in taken.items()}
        lead_person = next(person for person in self._persons if person.is_lead)
        if lead_id is not None:
            booking.lead_id = convert_lead_of(lead_person, booking.branch_id, lead_id).id
        elif not lead_person.do_not_collect and (booking.lead_id is None or self._lead_changed):
            booking.lead_id = convert_lead_of(lead_person, booking.branch_id).id
        booking.search_text = _search_text(booking, sorted(self._persons, key=lambda person: person.id))
        db.session.flush()  # what the lead did comes before what the booking did

    def tell_each(self, action: str, changes: Mapping[int, Changes]) -> None:
        self._record((action, self._customers.get(id_), told) for id_, told in changes.items())

    def tell_all(self, action: str, changes: Changes) -> None:
        """Record one event per customer among the persons, or one without a customer."""
        if changes:
            customers: list[int | None] = list(dict.fromkeys(self._customers.values()))
            self._record((action, id_, changes) for id_ in customers or [None])

    def tell_persons(self) -> None:
        """Record joined, left and edited persons."""
        self.tell_each("booking.joined", {id_: told for id_, told in self.changes.items() if id_ in self._new})
        others = {id_: told for id_, told in self.changes.items() if id_ not in self._new}
        self.tell_each("booking.person_edited", others)
        self._record(("booking.left", customer_id, told) for customer_id, told in self._left)

    def _remove(self, persons: Sequence[BookingPerson]) -> None:
        for person in persons:
            before = {field: [value, None] for field in CONTACT if (value := getattr(person, field))}
            self._left.append((person.customer_id, before))
            db.session.delete(person)

    def _keep(self, persons: list[BookingPerson], changed: Sequence[tuple[BookingPerson, Changes]]) -> None:
        new = [person for person in persons if person.id is None]
        db.session.add_all(new)
        db.session.flush()
        self._persons, self._new = persons, {person.id for person in new}
        self.changes = {person.id: {f: v for f, v in changes.items() if any(v)} for person, changes in changed}

    def _record(self, told: Any) -> None:
        record_many([row_of(action, self._booking, customer_id, changes) for action, customer_id, changes in told])


def _take(booking: Booking, values: Given) -> None:
    # First, for looking for a number writes what has changed already.
    wanted = values.get("number") or booking.number
    number = wanted or next_number()
    key = number_key(number)
    if wanted and key != booking.number_key and is_taken(key):
        raise NumberTakenError(number)
    booking.number, booking.number_key = number, key
    branch_id = bound_branch()
    for field in values.keys() & {"service", "amount", "note", "branch_id"}:
        setattr(booking, field, values[field])
    if values.keys() & {"date", "date_until"}:
        booking.take_dates(values.get("date", booking.date), values.get("date_until", booking.date_until))
    if branch_id is not None:
        booking.branch_id = branch_id
    if "status" in values:
        booking.become(BookingStatus(values["status"]))


def _turn(booking_id: int, action: str, verb: Any) -> Booking:
    with transaction():
        booking = _lock(booking_id)
        if verb(booking):
            changes = {field: values for field, values in changes_of(booking).items() if field in TOLD}
            booking.updated_at = db_now()
            customers = sa.select(BookingPerson.customer_id).where(
                BookingPerson.booking_id == booking_id, BookingPerson.customer_id.is_not(None)
            )
            found: list[int | None] = list(db.session.scalars(customers.distinct().order_by(BookingPerson.customer_id)))
            record_many([row_of(action, booking, customer_id, changes) for customer_id in found or [None]])
            booking_changed.send(booking, customers=found, changes=changes)
        return booking


def _lock(booking_id: int) -> Booking:
    return db.session.scalars(locked(sa.select(Booking).where(Booking.id == booking_id))).one()


def renew_search_text(booking_ids: Iterable[int]) -> None:
    """Write anew what bookings are found by, within a transaction."""
    found = sa.select(Booking).where(one_of(Booking.id, booking_ids)).order_by(Booking.id)
    for booking in db.session.scalars(found, execution_options={"all_branches": True}).all():
        booking.search_text = _search_text(booking, db.session.scalars(_of(booking.id)).all())


def _lock_persons(booking_id: int) -> Sequence[BookingPerson]:
    return db.session.scalars(locked(_of(booking_id))).all()


def _of(booking_id: int) -> sa.Select[BookingPerson]:
    return sa.select(BookingPerson).where(BookingPerson.booking_id == booking_id).order_by(BookingPerson.id)


def _contact(given: Given) -> dict[str, Any]:
    return {field: given.get(field) or "" for field in CONTACT} | {
        field: given[field] for field in ("phone_extension",) if field in given
    }


def _link(person: BookingPerson, customer_id: int | None) -> None:
    """Link the person to the customer whom the user chose."""
    if customer_id is not None:
        person.customer_id, person.do_not_collect = customer_id, False


def _lead_among(given: Sequence[Given], ids: Sequence[int | None], before: int | None) -> int:
    """Return the index of the lead person: the marked one, the earlier one, or the first."""
    marked = next((at for at, one in enumerate(given) if one.get("is_lead")), None)
    if marked is not None:
        return marked
    return ids.index(before) if before in ids and before is not None else 0


def _search_text(booking: Booking, persons: Sequence[BookingPerson]) -> str:
    region = current_organization().phone_region
    number = search_text(booking.number, booking.number, False, region, None)
    service = search_text(booking.service, "", False, region, None) if booking.service else ""
    return number + service + "".join(text_of_record(person.contact, region) for person in persons)
