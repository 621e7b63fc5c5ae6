"""The one upsert: whoever comes in from elsewhere is found among the customers, or becomes one.

Every door of intake goes through `take_in`. Two that bring one person at the same time wait for each other: an
organization takes people in one after another, so there is nothing to deadlock.
"""

from __future__ import annotations

import contextlib
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm import clock
from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.branch_scope import bound_branch
from crm.bulk import Bulk
from crm.columns import one_of
from crm.customers.matching import Kind, Pair, decide
from crm.customers.models import Customer, CustomerSearch
from crm.customers.person import Contact, Intake, Person
from crm.customers.records import CustomerKey, Decision, Duplicate
from crm.customers.search_text import search_text
from crm.db import locked, transaction
from crm.events import Event
from crm.extensions import db
from crm.tenancy import current_actor, insert_many, require_organization, update_many
from crm.text import fold

AT_ONCE = 1_000
"""One transaction takes in so many; other doors wait for it."""

TRIES = 3
FIELDS = (
    *("name", "phone", "phone_valid", "email", "passport_number", "city", "service_type", "branch_id", "source"),
    *("last_activity_at", "archived_at", "archived_by_id", "is_active"),
)


class Taken(NamedTuple):
    """Who somebody is now: a customer, a new one or one of whom something changed, and who may be the same person."""

    customer_id: int
    created: bool
    updated: bool
    duplicates: tuple[int, ...]


def upsert(intake: Intake) -> Taken:
    """Take one person in."""
    return take_in([intake])[0]


def take_in(intakes: Sequence[Intake]) -> list[Taken]:
    """Take people in, up to AT_ONCE, in their order; return who each of them is. Each change leaves an event.

    What contradicts is entered among the duplicates (`matching.decide`).
    """
    with transaction() as session:
        lock_intake()
        for _ in range(TRIES - 1):
            # A form may take an e-mail between the look and the write; the next look finds it there.
            with contextlib.suppress(IntegrityError), session.begin_nested():
                return _take_in(intakes)
        return _take_in(intakes)


def lock_intake() -> None:
    """Wait until nobody else takes people in, until the end of the open transaction.

    Whoever locks other rows before people are taken in locks this first, so that nobody waits in a circle.
    """
    db.session.scalars(locked(sa.select(Organization).where(Organization.id == require_organization()))).one()


def _take_in(intakes: Sequence[Intake]) -> list[Taken]:
    organization, bulk = current_organization(), Bulk(db.session())
    contacts = [Contact.of(intake, organization.phone_region, bulk.now) for intake in intakes]
    gathering = _Gathering(bulk, organization, contacts)
    gathering.read([intake.customer_id for intake in intakes if intake.customer_id is not None])
    taken = [gathering.take(contact, intake.customer_id) for contact, intake in zip(contacts, intakes, strict=True)]
    gathering.write()
    return taken


class _Gathering:
    """The customers whom a batch of contacts may be, and what becomes of them."""

    def __init__(self, bulk: Bulk, organization: Organization, contacts: Sequence[Contact]) -> None:
        self._bulk, self._organization, self._contacts = bulk, organization, contacts
        self._people: dict[int, Person] = {}
        self._sharing: dict[tuple[Kind, str], set[int]] = defaultdict(set)
        self._duplicates: dict[tuple[int, int], dict[str, Any]] = {}
        self._new_ids: Iterator[int] = iter(())

    def read(self, followed: Iterable[int]) -> None:
        """Read and lock whoever shares a key with the contacts, and the customers that they were before.

        Somebody in another branch is the same person, so a user who sees one branch alone meets them, too.
        """
        everywhere = {"all_branches": True}
        for row in db.session.execute(locked(_who(self._contacts, followed)), execution_options=everywhere):
            self._people[row.id] = Person(row.id, dict(zip(FIELDS, row[1:], strict=True)))
        further = sa.select(CustomerKey.customer_id, CustomerKey.kind, CustomerKey.value)
        further = further.where(one_of(CustomerKey.customer_id, self._people))
        for customer_id, kind, value in db.session.execute(further, execution_options=everywhere):
            self._people[customer_id].further.add((Kind(kind), value))
        for person in self._people.values():
            self._index(person)

    def take(self, contact: Contact, customer_id: int | None) -> Taken:
        """Let a contact be the customer they are, or a new one."""
        sharing = {
            kind: [self._people[id_] for id_ in sorted(self._sharing[kind, value])]
            for kind, value in contact.keys.items()
            if (kind, value) in self._sharing
        }
        known = {kind: [person.known() for person in people] for kind, people in sharing.items()}
        followed = self._people.get(customer_id or 0)
        verdict = decide(contact.fields["name"], contact.keys, known, followed.known() if followed else None)
        person = self._new() if verdict.customer_id is None else self._people[verdict.customer_id]
        steps = person.steps
        person.take(contact, by_name=verdict.by_name or person.is_new, taken=_taken(contact, person, sharing))
        self._index(person)
        for pair in verdict.pairs:
            self._doubt(person.id, pair, contact.keys[pair.shared])
        created = verdict.customer_id is None
        duplicates = tuple(pair.customer_id for pair in verdict.pairs)
        return Taken(person.id, created, not created and person.steps > steps, duplicates)

    def write(self) -> None:
        """Write what has changed."""
        new = [person for person in self._people.values() if person.is_new]
        changed = [person for person in self._people.values() if person.changes and not person.is_new]
        self._insert(new)
        self._update(changed)
        self._tell("customer.created", new)
        self._tell("customer.edited", changed)
        learned = [(person.id, kind, value) for person in self._people.values() for kind, value in person.learned]
        columns = ("customer_id", "kind", "value")
        insert_many(CustomerKey, [dict(zip(columns, row, strict=True)) for row in learned])
        self._enter_duplicates()
        db.session.expire_all()

    def _new(self) -> Person:
        id_ = next(self._new_ids, None)
        if id_ is None:
            self._new_ids = iter(self._bulk.new_ids(Customer, len(self._contacts)))
            id_ = next(self._new_ids)
        fields = dict.fromkeys(FIELDS, "") | {
            "phone_valid": False,
            "email": None,
            "branch_id": bound_branch(),
            "last_activity_at": None,
            "archived_at": None,
            "archived_by_id": None,
            "is_active": True,
        }
        self._people[id_] = Person(id_, fields, is_new=True)
        return self._people[id_]

    def _index(self, person: Person) -> None:
        for key in person.own_keys() | person.further:
            self._sharing[key].add(person.id)

    def _doubt(self, customer_id: int, pair: Pair, value: str) -> None:
        first, second = sorted((customer_id, pair.customer_id))
        entry = {"first_id": first, "second_id": second, "shared": pair.shared.value, "value": value}
        self._duplicates.setdefault((first, second), {**entry, "doubt": pair.doubt.value})

    def _insert(self, new: list[Person]) -> None:
        organization = {"organization_id": self._organization.id}
        month = clock.month_of(self._bulk.now, clock.zone(self._organization.time_zone))
        values = {name: [person.fields[name] for person in new] for name in FIELDS}
        values |= {f"{name}_key": [_key(value) for value in values[name]] for name in ("name", "city")}
        ids = [person.id for person in new]
        self._bulk.insert(Customer, len(new), {**organization, "id": ids, "created_month": month, **values})
        texts = [self._text(person) for person in new]
        self._bulk.insert(CustomerSearch, len(new), {**organization, "customer_id": ids, "text": texts})

    def _update(self, changed: list[Person]) -> None:
        rows = [{"id": person.id, "updated_at": self._bulk.now, **_columns(person.fields)} for person in changed]
        update_many(Customer, rows)
        table = sa.table("customer_search", sa.column("customer_id"), sa.column("text"))
        found = [p for p in changed if p.changes.keys() & {"name", "phone", "phone_valid", "email"}]
        if found:
            statement = sa.update(table).where(table.c.customer_id == sa.bindparam("id"))
            statement = statement.values(text=sa.bindparam("said"))
            db.session.connection().execute(statement, [{"id": p.id, "said": self._text(p)} for p in found])

    def _text(self, person: Person) -> str:
        fields = person.fields
        region = self._organization.phone_region
        return search_text(fields["name"], fields["phone"], fields["phone_valid"], region, fields["email"] or "")

    def _tell(self, action: str, people: list[Person]) -> None:
        ids = [person.id for person in people]
        changes = [{} if person.is_new else _told(person) for person in people]
        values = {"action": action, "actor_id": current_actor(), "subject": "customers", "changes": changes}
        organization_id = self._organization.id
        self._bulk.insert(
            Event, len(ids), {"organization_id": organization_id, "subject_id": ids, "customer_id": ids, **values}
        )

    def _enter_duplicates(self) -> None:
        if not self._duplicates:
            return
        known = sa.select(Duplicate.first_id, Duplicate.second_id)
        known = known.where(one_of(Duplicate.second_id, [second for _, second in self._duplicates]))
        for first, second in db.session.execute(known, execution_options={"all_branches": True}):
            self._duplicates.pop((first, second), None)
        insert_many(Duplicate, [{**row, "decision": Decision.OPEN.value} for row in self._duplicates.values()])


def _who(contacts: Sequence[Contact], followed: Iterable[int]) -> sa.Select[Any]:
    """Return the select of the customers with any key of the contacts, in their fields or beside them."""
    values = {kind: sorted({c.keys[kind] for c in contacts if kind in c.keys}) for kind in Kind}
    every = itertools.chain.from_iterable(values.values())
    ids = sa.union(
        sa.select(Customer.id).where(one_of(Customer.phone, values[Kind.PHONE]), Customer.phone_valid),
        sa.select(Customer.id).where(one_of(Customer.email, values[Kind.EMAIL])),
        sa.select(Customer.id).where(
            one_of(Customer.passport_number, values[Kind.PASSPORT]), Customer.passport_number != ""
        ),
        sa.select(CustomerKey.customer_id).where(one_of(CustomerKey.value, every)),
        sa.select(Customer.id).where(one_of(Customer.id, followed)),
    )
    columns = [getattr(Customer, name) for name in FIELDS]
    return sa.select(Customer.id, *columns).where(Customer.id.in_(ids)).order_by(Customer.id)


def _taken(contact: Contact, person: Person, sharing: dict[Kind, list[Person]]) -> frozenset[Kind]:
    """Return the kinds of which another customer has the contact's value; a phone may be a family's."""
    passports = [other for other in sharing.get(Kind.PASSPORT, ()) if other.id != person.id]
    emails = [
        other
        for other in sharing.get(Kind.EMAIL, ())
        if other.id != person.id and other.fields["email"] == contact.fields["email"]
    ]
    return frozenset(kind for kind, others in ((Kind.PASSPORT, passports), (Kind.EMAIL, emails)) if others)


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "name_key": _key(fields["name"]), "city_key": _key(fields["city"])}


def _key(text: str) -> str:
    return fold(text)[:100]


def _told(person: Person) -> dict[str, list[Any]]:
    return {
        name: [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
        for name, values in person.changes.items()
    }
