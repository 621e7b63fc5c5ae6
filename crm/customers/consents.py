"""Consent of a locked customer: each change leaves a row that proves it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.customers.consent_models import MAX_TEXT, ConsentChange
from crm.customers.models import Customer
from crm.customers.rules import CONSENTS, MARKETING, Consent, ConsentSource, MessagePurpose
from crm.kernel.columns import db_now
from crm.kernel.events import changes_of, is_by_customer, record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor

COLUMNS = (*CONSENTS, *MARKETING)


class Proof(NamedTuple):
    """How a consent changed, what the customer read or wrote, and the address, the customer's main one if not said."""

    source: ConsentSource
    text: str = ""
    address: str = ""


BY_STAFF = Proof(ConsentSource.STAFF)


def column_of(channel: str, purpose: MessagePurpose) -> str:
    """Return the column of a customer for a channel's code, "" for a channel that has none."""
    name = f"marketing_{channel}" if purpose is MessagePurpose.MARKETING else f"{channel}_allowed"
    return name if name in COLUMNS else ""


def marketing_state(customer: Customer, channel: str) -> Consent:
    column = column_of(channel, MessagePurpose.MARKETING)
    return getattr(customer, column) if column else Consent.NOT_ASKED


def set_consents(customer: Customer, states: Mapping[str, Any], proof: Proof) -> bool:
    """Set columns of a locked customer by name; False when they all were so."""
    for column, state in states.items():
        setattr(customer, column, state)
    changes = {column: change for column, change in changes_of(customer).items() if column in COLUMNS}
    if not changes:
        return False
    prove(customer, changes, proof)
    customer.updated_at = db_now()
    record("customer.consent", customer, customer_id=customer.id, changes=changes)
    return True


def prove(customer: Customer, changes: Collection[str], proof: Proof) -> None:
    """Add rows for those of a customer's `changes` that are about consent."""
    if is_by_customer() and proof is BY_STAFF:
        proof = Proof(ConsentSource.PAGE)
    by_staff = None if is_by_customer() else current_actor()
    for row in proofs_of(customer.id, _fields(customer), changes, proof, by_staff):
        db.session.add(ConsentChange(**row))


def prove_first(customer: Customer, proof: Proof) -> None:
    """Add rows for what is not as it is for everybody new."""
    prove(customer, first_changes(_fields(customer)), proof)


def first_changes(fields: Mapping[str, Any]) -> list[str]:
    """Return the columns of a new customer that are not as they are for everybody new."""
    first = dict.fromkeys(CONSENTS, True) | dict.fromkeys(MARKETING, Consent.NOT_ASKED)
    return [name for name, state in first.items() if fields[name] != state]


def proofs_of_merge(customer: Customer, changes: Collection[str]) -> list[dict[str, Any]]:
    """Return rows for the columns that a merge changes; its undo takes them away again."""
    return proofs_of(customer.id, _fields(customer), changes, Proof(ConsentSource.MERGE), current_actor())


def proofs_of(
    customer_id: int, fields: Mapping[str, Any], changes: Collection[str], proof: Proof, user_id: int | None
) -> list[dict[str, Any]]:
    """Return rows for those of a customer's `changes` that are about consent; `fields` are as they are now."""
    return [_row(customer_id, fields, column, proof, user_id) for column in COLUMNS if column in changes]


def subject_of(column: str) -> tuple[str, MessagePurpose]:
    """Return the channel's code and the purpose that a column is about."""
    if column in MARKETING:
        return column.removeprefix("marketing_"), MessagePurpose.MARKETING
    return column.removesuffix("_allowed"), MessagePurpose.SERVICE


def _row(customer_id: int, fields: Mapping[str, Any], column: str, proof: Proof, user_id: int | None) -> dict[str, Any]:
    channel, purpose = subject_of(column)
    allowed = Consent.GIVEN if fields[column] is True else Consent.WITHDRAWN
    return {
        "customer_id": customer_id,
        "channel": channel,
        "purpose": purpose,
        "state": Consent(fields[column]) if purpose is MessagePurpose.MARKETING else allowed,
        "source": proof.source,
        "text": proof.text[:MAX_TEXT],
        "address": proof.address or fields["email" if channel == "email" else "phone"] or "",
        "created_by_id": user_id,
    }


def _fields(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in (*COLUMNS, "email", "phone")}


def last_source(customer_id: int, channel: str) -> ConsentSource | None:
    """Return how a customer's consent to marketing by a channel was changed last, or None."""
    found = sa.select(ConsentChange.source).where(
        ConsentChange.customer_id == customer_id,
        ConsentChange.channel == str(channel),
        ConsentChange.purpose == MessagePurpose.MARKETING,
    )
    return db.session.scalars(found.order_by(ConsentChange.id.desc()).limit(1)).first()


def history_of(customer_id: int, most: int) -> list[ConsentChange]:
    """Return a customer's changes of consent, the latest first."""
    statement = sa.select(ConsentChange).options(joinedload(ConsentChange.created_by))
    statement = statement.where(ConsentChange.customer_id == customer_id)
    return list(db.session.scalars(statement.order_by(ConsentChange.id.desc()).limit(most)))
