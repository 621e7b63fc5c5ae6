"""What referrals do when something happens to customers and invoices."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.badges.signals import referrals_asked
from crm.customers.models import Customer
from crm.customers.signals import MergePair, customer_referred, customers_merged, customers_unmerged
from crm.invoices.models import Invoice
from crm.invoices.signals import invoice_added, invoice_changed, invoice_voided
from crm.kernel.columns import one_of
from crm.kernel.db import locked
from crm.kernel.extensions import db
from crm.referrals import services
from crm.referrals.models import Referral
from crm.referrals.rules import State
from crm.values import clock

NOTES = "referrals"
ENDED = (State.REFUSED, State.LAPSED)


@customer_referred.connect
def join(customer: Customer, referrer: Customer, **kwargs: Any) -> None:
    services.join(customer, referrer)


@invoice_added.connect
@invoice_changed.connect
def follow(invoice: Invoice, customer: Customer, **kwargs: Any) -> None:
    services.follow_invoice(customer, invoice)


@invoice_voided.connect
def forget(invoice: Invoice, customer: Customer, **kwargs: Any) -> None:
    services.forget_invoice(customer, invoice)


@customers_merged.connect
def merge(pair: MergePair) -> None:
    """Let the survivor have both customers' referrals; one between the two ends, for they were one.

    A friend has one referral: where both came with a code, the merged one's stays with their row.
    """
    kept, gone = pair.survivor, pair.merged
    rows, notes = _of([kept.id, gone.id]), []
    has_one = any(row.friend_id == kept.id for row in rows)
    for row in rows:
        note = {"id": row.id, "state": row.state.value, "reasons": row.reasons, "known": row.is_known}
        note |= {"referrer": row.referrer_id == gone.id, "friend": row.friend_id == gone.id and not has_one}
        of_pair = {row.referrer_id, row.friend_id} <= {kept.id, gone.id}
        friend = next((each for each in (kept, gone) if each.id == row.friend_id), None)
        other = gone if friend is kept else kept
        row.referrer_id = kept.id if note["referrer"] else row.referrer_id
        row.friend_id = kept.id if note["friend"] else row.friend_id
        if of_pair:
            if row.state not in ENDED:
                services.end_as_one(row)
        elif friend is not None and (other.created_at < row.joined_at or has_one):
            row.is_known = True
            if row.state is State.QUALIFIED:
                services.review_again(row)
        notes.append({**note, "after": row.state.value})
    if notes:
        pair.notes[NOTES] = notes
    db.session.flush()


@customers_unmerged.connect
def unmerge(pair: MergePair) -> None:
    """Give each back what was theirs; referrals of since stay with the survivor."""
    notes = {note["id"]: note for note in pair.notes.get(NOTES, [])}
    for row in _of([pair.survivor.id, pair.merged.id]):
        note = notes.get(row.id)
        if note is None:
            continue
        if note["referrer"] and row.referrer_id == pair.survivor.id:
            row.referrer_id = pair.merged.id
        if note["friend"] and row.friend_id == pair.survivor.id:
            row.friend_id = pair.merged.id
        row.is_known = note["known"]
        db.session.flush()
        if row.state != note["state"] and row.state == note["after"]:
            services.take_up(row, State(note["state"]), note["reasons"])
    db.session.flush()


@referrals_asked.connect
def count_for_badges(customer_id: int, **kwargs: Any) -> Counter[dt.date]:
    """Count the friends who were rewarded for, by the day on which they bought."""
    rewarded = sa.select(Referral.qualified_at).where(
        Referral.referrer_id == customer_id, Referral.state == State.REWARDED, Referral.qualified_at.is_not(None)
    )
    zone = clock.zone(current_organization().time_zone)
    moments = db.session.scalars(rewarded, execution_options={"all_branches": True})
    return Counter(clock.to_local(moment, zone).date() for moment in moments if moment is not None)


def _of(ids: Collection[int]) -> Sequence[Referral]:
    found = sa.select(Referral).where(sa.or_(one_of(Referral.referrer_id, ids), one_of(Referral.friend_id, ids)))
    options = {"populate_existing": True, "all_branches": True}
    return db.session.scalars(locked(found.order_by(Referral.id)), execution_options=options).all()
