"""What is done with loan commitments: each function is one intent of a user and one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import db_now
from crm.kernel.db import locked, transaction
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
        _tell("commitment.added", commitment, {"promised_date": [None, promised_date.isoformat()]})
        once.made(commitment.id)
        return commitment


def edit_commitment(commitment_id: int, values: dict[str, Any]) -> LoanCommitment:
    with transaction():
        commitment = _lock(commitment_id)
        for field in ("amount", "promised_date"):
            setattr(commitment, field, values.get(field, getattr(commitment, field)))
        action = "edited"
        if commitment.settle(CommitmentState(values.get("state", commitment.state))):
            action = "reopened" if commitment.is_open else "settled"
        if changes := changes_of(commitment):
            _tell(f"commitment.{action}", commitment, changes)
        return commitment


def settle_commitment(commitment_id: int, state: CommitmentState) -> LoanCommitment:
    """Set the state; `open` reopens a commitment."""
    return edit_commitment(commitment_id, {"state": state})


def _lock(commitment_id: int) -> LoanCommitment:
    return db.session.scalars(locked(sa.select(LoanCommitment).where(LoanCommitment.id == commitment_id))).one()


def _tell(action: str, commitment: LoanCommitment, changes: dict[str, list[Any]]) -> None:
    told = {"lead_id": [None, commitment.lead_id], "amount": [None, commitment.amount], **changes}
    customer_id = db.session.scalar(sa.select(Lead.customer_id).where(Lead.id == commitment.lead_id))
    record(action, commitment, customer_id=customer_id, changes=told)
    commitment.updated_at = db_now()
