"""Reads and writes of an intake, in sets: a batch takes a handful of statements."""

from __future__ import annotations

import contextlib
import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from crm.accounts.models import Organization
from crm.customers.duplicate_pairs import Duplicate, RecordedPairs, record_pairs
from crm.customers.models import Customer, CustomerKey, CustomerSearch, RemovedContact
from crm.customers.search_text import text_of_customer
from crm.customers.signals import customer_restored
from crm.kernel.bulk_writer import Bulk
from crm.kernel.columns import one_of
from crm.kernel.db import locked
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.people.contact_fields import sort_key
from crm.people.matching import Key, Kind, Pair
from crm.people.person import FIELDS, Intake, Person
from crm.values import clock, phone

MANY = 50
"""Above it, only customers with the same name are compared."""

EXPECTED = 10
"""Customers read per person before shared values are counted."""

_WRITTEN = (Customer, CustomerKey, CustomerSearch, Duplicate)
_EVERYWHERE = {"all_branches": True}
"""A user of one branch meets the same person in another one, too."""


class Read(NamedTuple):
    """Customers that a batch of people may be.

    survivors: by merged customer, the customer who remains. crowded: keys of more than MANY customers.
    """

    people: dict[int, Person]
    survivors: dict[int, int]
    crowded: set[Key]


class Wanted(NamedTuple):
    """What to read besides: further columns, customers by id, and those with further keys. `locks` the customers."""

    columns: tuple[str, ...] = FIELDS
    ids: Collection[int] = ()
    keys: Collection[Key] = ()
    locks: bool = True


OF_AN_INTAKE = Wanted()


def read(intakes: Sequence[Intake], wanted: Wanted = OF_AN_INTAKE) -> Read:
    """Read and lock the customers who share a key with the people, and those of the same records before."""
    with _planned_anew():
        return _read(intakes, wanted)


@contextlib.contextmanager
def _planned_anew() -> Iterator[None]:
    """Let PostgreSQL plan each statement anew: the tables may have been empty a moment ago."""
    if db.engine.dialect.name != "postgresql":
        yield
        return
    mode = sa.select(sa.func.set_config("plan_cache_mode", sa.bindparam("mode"), True))
    db.session.connection().execute(mode, {"mode": "force_custom_plan"})
    yield
    db.session.connection().execute(mode, {"mode": "auto"})


def _read(intakes: Sequence[Intake], more: Wanted) -> Read:
    followed = [intake.customer_id for intake in intakes if intake.customer_id is not None]
    survivors = _survivors(followed)
    wanted = {survivors.get(id_, id_) for id_ in followed}.union(more.ids)
    keys = set(itertools.chain.from_iterable(intake.keys.items() for intake in intakes)).union(more.keys)
    crowded: set[Key] = set()
    limit = EXPECTED * len(intakes) + 5 * MANY
    while True:
        ids = _ids(_holders(keys - crowded, limit))
        people = _people(wanted.union(ids), more)
        found = _shared_by_many(people, keys - crowded) if len(ids) > MANY else set()
        if not found and len(ids) < limit:
            break
        crowded |= found
        limit = limit if found else 2 * limit
    if crowded:
        names = {sort_key(c.contact.name) for c in intakes if not crowded.isdisjoint(c.keys.items())}
        people |= _people(set(_ids(_namesakes(crowded, names, limit))), more)
    return Read(people, survivors, crowded)


def _shared_by_many(people: Mapping[int, Person], keys: Collection[Key]) -> set[Key]:
    counts = Counter(key for person in people.values() for key in person.keys if key in keys)
    return {key for key, count in counts.items() if count > MANY}


def get_to_know(bulk: Bulk) -> None:
    """Refresh the statistics, so that indexes of keys are used."""
    bulk.analyze_grown(Customer, CustomerKey, Duplicate)


def new_ids(bulk: Bulk, count: int) -> Iterator[int]:
    yield from bulk.new_ids(Customer, count)


class Telling(NamedTuple):
    """What events of an intake are called and about, if not about the customer alone."""

    created: str = "customer.created"
    subject: str = Customer.__tablename__
    subject_id: int | None = None


ABOUT_CUSTOMERS = Telling()


def write(
    bulk: Bulk,
    organization: Organization,
    people: Collection[Person],
    doubts: Mapping[tuple[int, int], tuple[Pair, str]],
    telling: Telling = ABOUT_CUSTOMERS,
) -> RecordedPairs:
    """Write changes, events, and pairs for review."""
    new = [person for person in people if person.is_new]
    changed = [person for person in people if person.changes and not person.is_new]
    _give_up_emails(bulk, people)
    _insert(bulk, organization, new)
    _update(bulk, organization, changed)
    _index(bulk, organization, [person for person in people if not person.is_new])
    _tell(bulk, organization, telling, telling.created, [person.id for person in new], {})
    edited = [person.id for person in changed]
    _tell(bulk, organization, telling, "customer.edited", edited, list(map(_told, changed)))
    _learn(bulk, organization, telling, people)
    recorded = record_pairs(doubts)
    for row in list(db.session()):
        if isinstance(row, _WRITTEN):
            db.session.expire(row)
    for person in changed:
        if "archived_at" in person.changes:
            customer_restored.send(db.session.get_one(Customer, person.id))
    return recorded


def _learn(bulk: Bulk, organization: Organization, telling: Telling, people: Collection[Person]) -> None:
    """Write new keys, with an event for each."""
    learned = [(person.id, *key) for person in people for key in person.learned]
    if not learned:
        return
    ids, kinds, values, extensions = map(list, zip(*learned, strict=True))
    keys = {"organization_id": organization.id, "customer_id": ids, "kind": kinds, "value": values}
    bulk.insert(CustomerKey, len(learned), {**keys, "extension": extensions})
    shown = [(id_, {kind: [None, value]}) for id_, kind, value, _ in learned if kind is not Kind.PASSPORT]
    if shown:
        ids, changes = map(list, zip(*shown, strict=True))
        _tell(bulk, organization, telling, "customer.contact_added", ids, changes)


def _survivors(followed: Collection[int]) -> dict[int, int]:
    """Return the survivor of each merged customer."""
    survivors: dict[int, int] = {}
    asked = set(followed)
    while asked:
        merged = sa.select(Customer.id, Customer.merged_into_id).where(Customer.merged_into_id.is_not(None))
        merged = _each(merged, Customer.id, asked)
        found = {row[0]: row[1] or 0 for row in db.session.execute(merged, execution_options=_EVERYWHERE)}
        # Somebody whom a chain leads back to is not asked for again.
        asked = set(found.values()) - survivors.keys()
        survivors |= found
    return {id_: _last(id_, survivors) for id_ in followed if id_ in survivors}


def _last(id_: int, survivors: Mapping[int, int]) -> int:
    seen = set()
    while id_ in survivors and id_ not in seen:
        seen.add(id_)
        id_ = survivors[id_]
    return id_


def _ids(wanted: sa.Select[Any]) -> list[int]:
    return list(db.session.scalars(wanted, execution_options=_EVERYWHERE))


def _people(ids: Collection[int], more: Wanted) -> dict[int, Person]:
    """Return customers by id, locked, with their keys; without merged ones."""
    if not ids:
        return {}
    columns = [getattr(Customer, name) for name in more.columns]
    wanted = sa.select(Customer.id, *columns).where(Customer.merged_into_id.is_(None)).order_by(Customer.id)
    wanted = _each(locked(wanted) if more.locks else wanted, Customer.id, sorted(ids))
    rows = db.session.execute(wanted, execution_options=_EVERYWHERE)
    people = {row[0]: Person.stored(row[0], dict(zip(more.columns, row[1:], strict=True))) for row in rows}
    key = CustomerKey
    further = sa.select(key.id, key.customer_id, key.kind, key.value, key.extension)
    # SQLite would read the keys of all customers, for the index of the values has all these columns.
    further = further.with_hint(CustomerKey, "INDEXED BY ix_customer_keys_customer", "sqlite")
    found = db.session.execute(_each(further, CustomerKey.customer_id, people), execution_options=_EVERYWHERE)
    for row in sorted(map(tuple, found)):
        people[row[1]].further.append((Kind(row[2]), row[3], row[4]))
    for person in people.values():
        if person.further:
            person.know_keys()
    removed = sa.select(RemovedContact.customer_id, RemovedContact.kind, RemovedContact.value)
    for row in db.session.execute(_each(removed, RemovedContact.customer_id, people), execution_options=_EVERYWHERE):
        kind, value = Kind(row[1]), row[2]
        people[row[0]].removed.add((kind, phone.matching(value) if kind is Kind.PHONE else value))
    return people


def _holders(keys: Collection[Key], limit: int) -> sa.Select[Any]:
    """Select customers with any of the keys, at most `limit`."""
    values = _by_kind(keys)
    by_phone = sa.select(Customer.id).where(Customer.phone_valid)
    by_passport = sa.select(Customer.id).where(Customer.passport_number != "")
    arms = sa.union_all(
        _each(by_phone, Customer.phone, values[Kind.PHONE], MANY + 1),
        _each(sa.select(Customer.id), Customer.email, values[Kind.EMAIL], MANY + 1),
        _each(by_passport, Customer.passport_number, values[Kind.PASSPORT], MANY + 1),
        _each(sa.select(CustomerKey.customer_id), CustomerKey.value, list(itertools.chain(*values.values())), MANY + 1),
    ).subquery()
    return sa.select(arms.c[0]).limit(limit)


def _each(wanted: Any, column: Any, values: Collection[Any], most: int = 10_000) -> Any:
    """Select rows for each value of a column, at most `most` per value on PostgreSQL.

    A LATERAL join makes PostgreSQL use the index for each value; otherwise a generic plan compares every row with all.
    """
    if db.engine.dialect.name != "postgresql":
        return wanted.where(one_of(column, values))
    type_ = ARRAY(sa.Text if isinstance(column.type, sa.String) else sa.BigInteger)
    given = sa.func.unnest(sa.bindparam(None, list(values), type_=type_)).table_valued("value").render_derived()
    found = wanted.where(column == given.c.value).limit(most).lateral()
    return sa.select(*found.c).select_from(given.join(found, sa.true()))


def _namesakes(keys: Collection[Key], names: Collection[str], limit: int) -> sa.Select[Any]:
    """Select customers with one of the keys and one of the names, by name: it is the rarer one."""
    values = _by_kind(keys)
    named = Customer.archived_at.is_(None), one_of(Customer.name_key, names)
    beside = sa.select(CustomerKey.id).where(
        CustomerKey.customer_id == Customer.id,
        one_of(sa.func.coalesce(CustomerKey.value, "", type_=sa.String), list(itertools.chain(*values.values()))),
    )
    number = sa.func.coalesce(Customer.phone, "", type_=sa.String)
    passport = sa.func.coalesce(Customer.passport_number, "", type_=sa.String)
    has_one = sa.or_(one_of(number, values[Kind.PHONE]), one_of(passport, values[Kind.PASSPORT]), beside.exists())
    return sa.select(Customer.id).where(*named, has_one).limit(limit)


def _by_kind(keys: Collection[Key]) -> dict[Kind, list[str]]:
    """Return stored values by kind, with all spellings of a number."""
    values = {kind: [value for kind_, value in keys if kind_ is kind] for kind in Kind}
    return values | {Kind.PHONE: list(itertools.chain(*map(phone.variants, values[Kind.PHONE])))}


def _insert(bulk: Bulk, organization: Organization, new: Sequence[Person]) -> None:
    ids = [person.id for person in new]
    of_all = {"organization_id": organization.id}
    columns = new[0].fields.keys() if new else ()
    values: dict[str, Any] = {name: [person.fields[name] for person in new] for name in columns}
    values |= {f"{name}_key": list(map(sort_key, values[name])) for name in _FOLDED.intersection(columns)}
    values["created_month"] = clock.month_of(bulk.now, clock.zone(organization.time_zone))
    bulk.insert(Customer, len(new), {**of_all, "id": ids, **values})
    texts = [_text(person, organization) for person in new]
    bulk.insert(CustomerSearch, len(new), {**of_all, "customer_id": ids, "text": texts})


def _give_up_emails(bulk: Bulk, people: Collection[Person]) -> None:
    """Empty the e-mails that go from one customer to another: no statement may give one to two."""
    changed = [person for person in people if "email" in person.changes and not person.is_new]
    if changed:
        taken = {person.fields["email"] for person in people if person.is_new or "email" in person.changes}
        ids = [person.id for person in changed if person.changes["email"][0] in taken - {None}]
        bulk.update(Customer, sorted(ids), {"email": None})


def _update(bulk: Bulk, organization: Organization, changed: Sequence[Person]) -> None:
    """Write only changed columns: each costs its indexes."""
    alike = itertools.groupby(sorted(changed, key=_changed), key=_changed)
    for names, group in alike:
        people = list(group)
        values: dict[str, Any] = {name: [person.fields[name] for person in people] for name in names}
        values |= {f"{name}_key": list(map(sort_key, values[name])) for name in _FOLDED.intersection(names)}
        bulk.update(Customer, [person.id for person in people], {**values, "updated_at": bulk.now})


def _index(bulk: Bulk, organization: Organization, known: Collection[Person]) -> None:
    found = [person for person in known if person.learned or not _FOUND_BY.isdisjoint(person.changes)]
    texts = [_text(person, organization) for person in found]
    bulk.update(CustomerSearch, [person.id for person in found], {"text": texts})


_FOLDED = frozenset({"name", "city", "province"})
_FOUND_BY = frozenset({"name", "phone", "phone_valid", "phone_extension", "email", "passport_number"})


def _changed(person: Person) -> tuple[str, ...]:
    return tuple(sorted(person.changes))


def _text(person: Person, organization: Organization) -> str:
    further = [(value, extension) for _, value, extension in (*person.further, *person.learned)]
    return text_of_customer(person.contact, organization.phone_region, further)


def _tell(bulk: Bulk, organization: Organization, telling: Telling, action: str, ids: list[int], changes: Any) -> None:
    values = {"action": action, "actor_id": current_actor(), "subject": telling.subject, "changes": changes}
    values |= {"subject_id": ids if telling.subject_id is None else telling.subject_id, "customer_id": ids}
    bulk.insert(Event, len(ids), {"organization_id": organization.id, **values})


def _told(person: Person) -> dict[str, list[Any]]:
    return {
        name: [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
        for name, values in person.changes.items()
    }
