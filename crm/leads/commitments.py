"""What is done with loan commitments: each function is one intent of a user and one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction, write_alike
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor
from crm.leads.models import CommitmentState, Lead, LoanCommitment


def add_commitment(
    lead_id: int, amount: int, promised_date: dt.date, request_key: RequestKey | None = None
) -> LoanCommitment:
    """Record a promise to pay `amount` by a day; raises KeyReusedError."""
    with transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(LoanCommitment)
        commitment = LoanCommitment(
            lead_id=lead_id, amount=amount, promised_date=promised_date, created_by_id=current_actor()
        )
        session.add(commitment)
        _tell([("commitment.added", commitment, {"promised_date": [None, promised_date.isoformat()]})])
        once.made(commitment.id)
        return commitment


def edit_commitment(commitment_id: int, values: dict[str, Any]) -> LoanCommitment:
    with transaction():
        commitment = db.session.scalars(
            locked(sa.select(LoanCommitment).where(LoanCommitment.id == commitment_id))
        ).one()
        edit_each([commitment], {commitment_id: values})
        return commitment


def edit_each(commitments: Sequence[LoanCommitment], values: Mapping[int, Mapping[str, Any]]) -> None:
    """Edit locked commitments: `values` by their ids, as `edit_commitment` takes them."""
    with transaction():
        told = []
        for commitment in commitments:
            action = _edit(commitment, values[commitment.id])
            if changes := changes_of(commitment):
                told.append((f"commitment.{action}", commitment, changes))
        _tell(told)


def settle_commitment(commitment_id: int, state: CommitmentState) -> LoanCommitment:
    """Set the state; `open` reopens a commitment."""
    return edit_commitment(commitment_id, {"state": state})


def lock_commitments(ids: Iterable[int]) -> Sequence[LoanCommitment]:
    wanted = one_of(LoanCommitment.id, sorted(ids))
    return db.session.scalars(locked(sa.select(LoanCommitment).where(wanted).order_by(LoanCommitment.id))).all()


def _edit(commitment: LoanCommitment, values: Mapping[str, Any]) -> str:
    for field in ("amount", "promised_date"):
        setattr(commitment, field, values.get(field, getattr(commitment, field)))
    if not commitment.settle(CommitmentState(values.get("state", commitment.state))):
        return "edited"
    return "reopened" if commitment.is_open else "settled"


def _tell(changed: Sequence[tuple[str, LoanCommitment, dict[str, list[Any]]]]) -> None:
    """Record the events of changes: what was done, with which commitment, and what changed."""
    if not changed:
        return
    leads = {commitment.lead_id for _action, commitment, _changes in changed}
    customers = sa.select(Lead.id, Lead.customer_id).where(one_of(Lead.id, leads))
    with db.session.no_autoflush:
        customer_of = {row.id: row.customer_id for row in db.session.execute(customers)}
        now = database_now()
    for action, commitment, changes in changed:
        told = {"lead_id": [None, commitment.lead_id], "amount": [None, commitment.amount], **changes}
        record(action, commitment, customer_id=customer_of.get(commitment.lead_id), changes=told)
        commitment.updated_at = now
    write_alike(commitment for _action, commitment, _changes in changed)
