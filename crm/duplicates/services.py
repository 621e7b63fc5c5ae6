"""Decisions about duplicates: each function is one user's intent and one transaction."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.locks import lock_intake
from crm.customers.models import Customer
from crm.customers.signals import customers_locking
from crm.duplicates import merge as merging
from crm.duplicates import queries, unmerge
from crm.duplicates.models import Merge
from crm.duplicates.rows import as_stored
from crm.duplicates.rules import UNDO_DAYS, can_be_undone, shared_key
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.values.language import N_
from crm.values.language import gettext as _

MAX_LOCK_ATTEMPTS = 5
ALL_BRANCHES = {"all_branches": True}

_ENTRY_GONE = N_("This entry is gone: one of the customers was deleted, or merged with somebody else.")


class _NewRowsError(Exception):
    pass


def add_entry(customer_ids: tuple[int, int]) -> Duplicate:
    """Return the pair's entry; raises SentenceError when both are the same customer by now."""
    with transaction() as session:
        lock_intake()
        first, second = sorted(queries.final_id(id_) for id_ in customer_ids)
        if first == second:
            raise SentenceError(_("These two are one customer already."))
        found = queries.entry_of(first, second)
        if found is None:
            rows = [as_stored(session.get_one(Customer, id_)) for id_ in (first, second)]
            shared, value, doubt = shared_key(*rows)
            found = Duplicate(first_id=first, second_id=second, shared=shared, value=value, doubt=doubt)
            session.add(found)
        return found


def separate(duplicate_id: int) -> Duplicate:
    """Raise ConflictError when the two are merged."""
    with transaction():
        entry = _lock_entry(duplicate_id)
        if entry.decision == Decision.MERGED:
            raise ConflictError(_("These two were merged. Undo that first."))
        if entry.decision == Decision.OPEN:
            entry.decision, entry.decided_at = Decision.SEPARATE.value, database_now()
            entry.decided_by_id = current_actor()
            names = queries.names_of([entry.first_id, entry.second_id])
            for id_, other in ((entry.first_id, entry.second_id), (entry.second_id, entry.first_id)):
                record("duplicate.separate", entry, customer_id=id_, changes={"from": [None, names.get(other, "")]})
        return entry


def merge(duplicate_id: int, keep: int, take: Mapping[str, int]) -> Merge:
    """Merge an entry's customers into `keep`; `take` maps names of fields to the id they are taken from.

    Raises SentenceError when `keep` is neither of the two, and ConflictError when one of them is gone.
    """
    with transaction():
        lock_intake()
        entry = _lock_entry(duplicate_id)
        if entry.decision == Decision.MERGED:
            return _merge_of(entry)
        pair = {entry.first_id, entry.second_id}
        survivor_id = queries.final_id(keep)
        if survivor_id not in pair:
            raise SentenceError(_("Choose which of the two to keep."))
        (merged_id,) = pair - {survivor_id}
        survivor, merged = _lock_both(survivor_id, merged_id)
        if survivor.merged_into_id is not None or merged.merged_into_id is not None:
            raise ConflictError(_(_ENTRY_GONE))
        return merging.merge_customers(entry, survivor, merged, take)


def undo(duplicate_id: int) -> Merge:
    """Undo a merge; raises ConflictError when it is too late, or another has to be undone first."""
    with transaction():
        lock_intake()
        entry = _lock_entry(duplicate_id)
        found = _merge_of(entry)
        if found.is_undone:
            return found
        _check_undo(found)
        survivor, merged = _lock_both(found.kept_id, found.gone_id)
        try:
            unmerge.unmerge_customers(found, survivor, merged)
        except IntegrityError:
            raise ConflictError(_("Somebody else changed this customer at the same time. Undo it once more.")) from None
        return found


def _lock_entry(duplicate_id: int) -> Duplicate:
    statement = sa.select(Duplicate).where(Duplicate.id == duplicate_id)
    entry = db.session.scalars(locked(statement)).one_or_none()
    if entry is None:
        raise ConflictError(_(_ENTRY_GONE))
    return entry


def _merge_of(entry: Duplicate) -> Merge:
    found = queries.last_merge(entry)
    if found is None:
        raise ConflictError(_("These two were never merged."))
    return found


def _check_undo(merge: Merge) -> None:
    if not can_be_undone(merge.created_at, database_now()):
        raise ConflictError(
            _("This merge is more than %(days)s days old and can't be undone any more.", days=UNDO_DAYS)
        )
    later = queries.later_merge(merge)
    if later is not None:
        names = later.snapshot["names"]
        sentence = N_("%(merged)s was merged with %(kept)s after that. Undo that first.")
        raise ConflictError(_(sentence, merged=names["gone"], kept=names["kept"]))


def _lock_both(survivor_id: int, merged_id: int) -> tuple[Customer, Customer]:
    """Lock two customers after the rows that come before them; try again when rows were added meanwhile."""
    for _attempt in range(MAX_LOCK_ATTEMPTS):
        try:
            with db.session.begin_nested():
                return _try_lock(survivor_id, merged_id)
        except _NewRowsError:
            continue
    raise ConflictError(_("Somebody is adding to these customers right now. Try again in a moment."))


def _try_lock(survivor_id: int, merged_id: int) -> tuple[Customer, Customer]:
    ids = sorted((survivor_id, merged_id))
    held = [is_all for _listener, is_all in customers_locking.send(ids)]
    statement = locked(sa.select(Customer).where(one_of(Customer.id, ids)).order_by(Customer.id))
    found = {row.id: row for row in db.session.scalars(statement, execution_options=ALL_BRANCHES)}
    if len(found) != len(ids):
        raise ConflictError(_(_ENTRY_GONE))
    if not all(is_all() for is_all in held):
        raise _NewRowsError
    return found[survivor_id], found[merged_id]
