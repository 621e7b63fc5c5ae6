"""The undo: every row that changed something is reversed, or kept because somebody used it since.

A customer whom the import added is deleted where nobody touched them. A field of one who was there goes back where it
still has the imported value.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from crm.accounts.queries import current_organization
from crm.customers.consent_models import ConsentChange
from crm.customers.consents import COLUMNS as CONSENT_COLUMNS
from crm.customers.consents import subject_of
from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.models import Customer, CustomerKey, CustomerSearch
from crm.customers.search_text import text_of_customer
from crm.imports import sentences
from crm.imports.gathering import COLUMNS
from crm.imports.models import Import, ImportRow
from crm.imports.states import UndoOutcome
from crm.imports.touched import consents_since, used_since
from crm.kernel.bulk_writer import Bulk
from crm.kernel.columns import one_of
from crm.kernel.db import locked
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.people.contact_fields import ContactFields, sort_key

log = logging.getLogger(__name__)
EVERYWHERE = {"all_branches": True, "synchronize_session": False}
PHONE = ("phone", "phone_valid", "phone_extension")
BIRTHDAY = ("birthday", "birth_year")
FOLDED = ("name", "city", "province")
CONSENTS = frozenset(CONSENT_COLUMNS)
NOT_FIELDS = frozenset({"further", "pairs", "updated_at"})
ROW_COLUMNS = ImportRow.id, ImportRow.number, ImportRow.customer_id, ImportRow.before, ImportRow.after


class Undone(NamedTuple):
    outcome: UndoOutcome
    reason: str = ""


REVERSED = Undone(UndoOutcome.REVERSED)


def undo_batch(row: Import, size: int) -> tuple[int, Counter[str]]:
    """Undo the next rows, the last of the file first; return how many, and what came of them."""
    statement = sa.select(*ROW_COLUMNS).where(
        ImportRow.import_id == row.id, ImportRow.outcome.is_not(None), ImportRow.after.is_not(None)
    )
    if row.undo_position is not None:
        statement = statement.where(ImportRow.number < row.undo_position)
    rows = db.session.execute(statement.order_by(ImportRow.number.desc()).limit(size)).all()
    undone = undo_rows(row, rows)
    row.undo_position = rows[-1].number if rows else row.undo_position
    return len(rows), Counter(each.outcome.value for each in undone)


def undo_rows(row: Import, rows: Sequence[Any]) -> list[Undone]:
    """Undo rows; one that fails is logged and named, and the others go on."""
    if not rows:
        return []
    try:
        with db.session.begin_nested():
            undone = _Undo(row, rows).undo()
            _write(rows, undone)
            return undone
    except OperationalError:
        raise  # it is the database that is not there, and everything is tried again
    except Exception:
        if len(rows) == 1:
            log.exception("import %d: row %d was not undone", row.id, rows[0].number)
            undone = [Undone(UndoOutcome.ERRORED, sentences.UNDO_FAILED.english())]
            _write(rows, undone)
            return undone
    half = len(rows) // 2
    return undo_rows(row, rows[:half]) + undo_rows(row, rows[half:])


class _Undo:
    """The undo of a batch. `_back` are values to write, by customer."""

    def __init__(self, row: Import, rows: Sequence[Any]) -> None:
        self._row, self._rows = row, rows
        self._customers = _customers({each.customer_id for each in rows})
        self._added = _added_by(row.id, self._customers)
        self._used = used_since(row, self._added)
        self._emails = _taken_emails(rows)
        consents = {each.customer_id for each in rows if each.after and not CONSENTS.isdisjoint(each.after)}
        self._consents_since = consents_since(row, consents) if consents else set()
        self._proofs: set[tuple[int, str]] = set()
        self._back: defaultdict[int, dict[str, Any]] = defaultdict(dict)
        self._told: defaultdict[int, dict[str, list[Any]]] = defaultdict(dict)
        self._keys: list[tuple[int, str, str]] = []
        self._pairs: list[tuple[int, int]] = []
        self._deleted: set[int] = set()

    def undo(self) -> list[Undone]:
        undone = [self._undo(each) for each in self._rows]
        _delete_customers(self._deleted)
        _delete_keys(self._keys)
        _delete_pairs(self._pairs)
        _delete_proofs(self._row, self._proofs)
        self._put_back()
        return undone

    def _undo(self, each: Any) -> Undone:
        id_ = each.customer_id
        own = self._customers.get(id_)
        if own is None:
            return REVERSED._replace(reason=sentences.KEPT_GONE.english())
        if own["merged_into_id"] is not None:
            return Undone(UndoOutcome.KEPT, sentences.KEPT_MERGED.english())
        if id_ in self._used:
            return Undone(UndoOutcome.KEPT, sentences.KEPT_TOUCHED.english())
        if id_ in self._added and each.before is None:
            self._deleted.add(id_)
            self._free_email(id_, own)
            return REVERSED
        return self._undo_fields(id_, own, each.before or {}, each.after)

    def _undo_fields(
        self, id_: int, own: dict[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Undone:
        fields = [name for name in after if name not in NOT_FIELDS]
        kept = [name for name in fields if own[name] != after[name] or (id_, name) in self._consents_since]
        for group in (PHONE, BIRTHDAY):
            if not set(kept).isdisjoint(group):
                kept += [name for name in group if name in fields and name not in kept]
        email = before.get("email")
        is_taken = email is not None and "email" not in kept and self._emails.get(email, id_) != id_
        kept += ["email"] if is_taken else []
        if "email" in fields and "email" not in kept:
            self._free_email(id_, own)
            if email is not None:
                self._emails[email] = id_
        for name in fields:
            if name not in kept:
                self._told[id_].setdefault(name, [own[name], before[name]])[1] = before[name]
                self._back[id_][name] = own[name] = before[name]
                if name in CONSENTS:
                    self._proofs.add((id_, name))
        self._keys += [(id_, kind, value) for kind, value, _ in after.get("further", ())]
        self._pairs += [(first, second) for first, second in after.get("pairs", ())]
        self._restore_moment(id_, own, before, after, whole=not kept)
        if not kept:
            return REVERSED
        return Undone(UndoOutcome.KEPT, sentences.KEPT_EMAIL.english() if is_taken else _kept(kept))

    def _free_email(self, id_: int, own: Mapping[str, Any]) -> None:
        if self._emails.get(own["email"]) == id_:
            del self._emails[own["email"]]

    def _restore_moment(
        self, id_: int, own: dict[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], *, whole: bool
    ) -> None:
        """Put the moment of the last change back, where nothing changed since; else it is now.

        It is back already where a later row of the same batch was undone.
        """
        moments = [dt.datetime.fromisoformat(each["updated_at"]) for each in (before, after) if "updated_at" in each]
        if whole and own["updated_at"] in moments:
            own["updated_at"] = self._back[id_]["updated_at"] = moments[0]
        elif self._back.get(id_):
            self._back[id_].setdefault("updated_at", None)

    def _put_back(self) -> None:
        bulk, organization = Bulk(db.session()), current_organization()
        for id_ in self._deleted:
            self._back.pop(id_, None)
        self._give_up_emails(bulk)
        alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for id_, values in self._back.items():
            if "updated_at" in values:
                values["updated_at"] = values["updated_at"] or bulk.now
            values |= {f"{name}_key": sort_key(values[name] or "") for name in FOLDED if name in values}
            alike[tuple(sorted(values))].append(id_)
        for names, ids in alike.items():
            bulk.update(Customer, ids, {name: [self._back[id_][name] for id_ in ids] for name in names})
        touched = sorted({*self._back, *(id_ for id_, _, _ in self._keys)} - self._deleted)
        _index(bulk, touched, self._customers, organization.phone_region)
        about = {"action": "customer.import_undone", "actor_id": self._row.undone_by_id}
        about |= {"subject": Import.__tablename__, "subject_id": self._row.id}
        values = {"customer_id": touched, "changes": [self._told.get(id_, {}) for id_ in touched]}
        bulk.insert(Event, len(touched), {"organization_id": require_organization(), **about, **values})

    def _give_up_emails(self, bulk: Bulk) -> None:
        """Empty the e-mails that go back to others: no statement may give one to two."""
        changed = {id_: self._told[id_]["email"] for id_, values in self._back.items() if "email" in values}
        back = {now for _, now in changed.values()}
        given_up = sorted(id_ for id_, (was, now) in changed.items() if was in back and was not in (None, now))
        bulk.update(Customer, given_up, {"email": None})


def _kept(names: Sequence[str]) -> str:
    own = {BIRTHDAY[0] if name in BIRTHDAY else name for name in names if name not in PHONE[1:]}
    if len(own) == 1:
        return sentences.KEPT_FIELD.english(noun=sentences.FIELDS[own.pop()])
    return sentences.KEPT_FIELDS.english()


def _customers(ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Lock and return the customers by id, as values by column."""
    names = ("id", "merged_into_id", *COLUMNS)
    statement = locked(sa.select(*(getattr(Customer, name) for name in names)).where(one_of(Customer.id, sorted(ids))))
    rows = db.session.execute(statement.order_by(Customer.id), execution_options={"all_branches": True})
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def _added_by(import_id: int, ids: Collection[int]) -> set[int]:
    """Return those of the customers whom the import added."""
    statement = sa.select(ImportRow.customer_id).where(
        ImportRow.import_id == import_id,
        one_of(ImportRow.customer_id, ids),
        ImportRow.outcome.is_not(None),
        ImportRow.before.is_(None),
        ImportRow.after.is_not(None),
    )
    return set(db.session.scalars(statement))


def _taken_emails(rows: Sequence[Any]) -> dict[str, int]:
    """Return who has the e-mails of before."""
    emails = {each.before["email"] for each in rows if each.before and each.before.get("email")}
    if not emails:
        return {}
    found = sa.select(Customer.email, Customer.id).where(one_of(Customer.email, sorted(emails)))
    owners = db.session.execute(found, execution_options={"all_branches": True})
    return {email: id_ for email, id_ in owners if email is not None}


def _delete_customers(ids: Collection[int]) -> None:
    """Delete customers whom nobody used: what hangs on a customer hangs on none of them (`touched`)."""
    if ids:
        db.session.execute(sa.delete(Event).where(one_of(Event.customer_id, ids)), execution_options=EVERYWHERE)
        db.session.execute(sa.delete(Customer).where(one_of(Customer.id, ids)), execution_options=EVERYWHERE)


def _delete_keys(keys: Sequence[tuple[int, str, str]]) -> None:
    if not keys:
        return
    wanted = set(keys)
    columns = CustomerKey.id, CustomerKey.customer_id, CustomerKey.kind, CustomerKey.value
    statement = sa.select(*columns).where(one_of(CustomerKey.customer_id, {key[0] for key in keys}))
    rows = db.session.execute(statement, execution_options={"all_branches": True})
    ids = [row[0] for row in rows if tuple(row[1:]) in wanted]
    db.session.execute(sa.delete(CustomerKey).where(one_of(CustomerKey.id, ids)), execution_options=EVERYWHERE)


def _delete_pairs(pairs: Sequence[tuple[int, int]]) -> None:
    """Take pairs off the review that nobody has decided on."""
    for first, second in pairs:
        pair = Duplicate.first_id == first, Duplicate.second_id == second, Duplicate.decision == Decision.OPEN
        db.session.execute(sa.delete(Duplicate).where(*pair), execution_options=EVERYWHERE)


def _delete_proofs(row: Import, proofs: Collection[tuple[int, str]]) -> None:
    """Delete the import's proofs of consents that are as before."""
    by_column: defaultdict[str, list[int]] = defaultdict(list)
    for id_, name in proofs:
        by_column[name].append(id_)
    for name, ids in by_column.items():
        channel, purpose = subject_of(name)
        ours = ConsentChange.import_id == row.id, ConsentChange.channel == channel, ConsentChange.purpose == purpose
        statement = sa.delete(ConsentChange).where(one_of(ConsentChange.customer_id, sorted(ids)), *ours)
        db.session.execute(statement, execution_options=EVERYWHERE)


class _Named(NamedTuple):
    """A customer's fields as a row has them."""

    name: str
    phone: str
    phone_valid: bool
    phone_extension: str
    email: str | None
    passport_number: str


def _index(bulk: Bulk, ids: Sequence[int], customers: Mapping[int, dict[str, Any]], region: str) -> None:
    if not ids:
        return
    further: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
    columns = CustomerKey.customer_id, CustomerKey.value, CustomerKey.extension
    statement = sa.select(*columns).where(one_of(CustomerKey.customer_id, ids)).order_by(CustomerKey.id)
    for id_, value, extension in db.session.execute(statement, execution_options={"all_branches": True}):
        further[id_].append((value, extension))
    named = (_Named(*(customers[id_][name] for name in _Named._fields)) for id_ in ids)
    texts = [text_of_customer(ContactFields.of(one), region, further[id_]) for id_, one in zip(ids, named, strict=True)]
    bulk.update(CustomerSearch, ids, {"text": texts})


def _write(rows: Sequence[Any], undone: Sequence[Undone]) -> None:
    values: dict[str, Any] = {
        "undo": [each.outcome for each in undone],
        "undo_reason": [each.reason for each in undone],
    }
    Bulk(db.session()).update(ImportRow, [each.id for each in rows], values)
