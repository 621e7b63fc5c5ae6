"""Whose an attempt is, and who wrote to an address last, across organizations: hashes and ids alone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from crm.delivery.models import Recipient
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization


def owners_of_attempts(attempt_ids: Iterable[int]) -> dict[int, int]:
    """Return the organizations of attempts, by attempt; of those that exist."""
    rows = db.session.scalars(sa.select(Recipient).where(Recipient.attempt_id.in_(list(attempt_ids))))
    return {row.attempt_id: row.organization_id for row in rows}


def keep_recipients(recipients: Mapping[int, str]) -> None:
    """Remember, in the transaction that writes attempts to these addresses, whose they are."""
    rows = [
        {"attempt_id": id_, "organization_id": require_organization(), "recipient_key": _key(address)}
        for id_, address in recipients.items()
    ]
    if rows:
        db.session.execute(sa.insert(Recipient), rows)


def last_writer(spellings: Iterable[str], organization_ids: Sequence[int]) -> int | None:
    """Return which of some organizations wrote to an address last by a provider, or None."""
    keys = [_key(spelling) for spelling in spellings]
    return db.session.scalar(
        sa.select(Recipient.organization_id)
        .where(Recipient.recipient_key.in_(keys), Recipient.organization_id.in_(organization_ids))
        .order_by(Recipient.attempt_id.desc())
        .limit(1)
    )


def _key(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:32]
