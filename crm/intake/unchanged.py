"""Records that tell nothing new: the database sees that sooner than intake would find it out.

Most records of a scan that is repeated are so.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer, CustomerKey
from crm.intake.sources import Source, SourceMixin


def is_settled(source: Source) -> sa.ColumnElement[bool]:
    """Say whether taking a record in would neither change its customer nor lead to anybody else.

    It says no where it can't tell, and looks at the customers of all branches, as intake does.
    """
    return sa.and_(_has_all(source), *(~found for found in _others(source.model)))


def _has_all(source: Source) -> sa.ColumnElement[bool]:
    """Say whether the customer has all that the record tells: there is nothing for `Person.take` to do."""
    record, own, key = source.model, Customer.__table__.alias(), CustomerKey.__table__.alias()
    came_with_it = _exists(record, key, key.c.customer_id == record.customer_id, key.c.value == record.phone)
    return _exists(
        record,
        own,
        own.c.id == record.customer_id,
        own.c.merged_into_id.is_(None),
        own.c.last_activity_at >= record.activity_at,
        own.c.source != "",
        sa.or_(source.branch.is_(None), own.c.branch_id.is_not(None)),
        sa.or_(record.phone == "", own.c.phone_valid == record.phone_valid),
        sa.or_(record.phone == "", own.c.phone == record.phone, own.c.phone == _twin(record), came_with_it),
        sa.or_(record.email.is_(None), own.c.email == record.email),
        sa.or_(record.passport_number == "", own.c.passport_number == record.passport_number),
    )


def _others(record: type[SourceMixin]) -> list[sa.ColumnElement[bool]]:
    """Return for each key whether it is another customer's, too; no two have one e-mail in their fields."""
    other, key = Customer.__table__.alias(), CustomerKey.__table__.alias()
    is_other = other.c.id != record.customer_id
    has_passport = other.c.passport_number == record.passport_number, other.c.passport_number != ""
    return [
        _exists(record, other, is_other, other.c.phone == record.phone, other.c.phone_valid),
        _exists(record, other, is_other, other.c.phone == _twin(record), other.c.phone_valid),
        _exists(record, other, is_other, *has_passport),
        *(
            _exists(record, key, key.c.customer_id != record.customer_id, key.c.value == value)
            for value in (record.phone, _twin(record), record.email, record.passport_number)
        ),
    ]


def _twin(record: type[SourceMixin]) -> sa.ColumnElement[str]:
    """Return the other of `phone.variants` that may be stored, NULL for the numbers of nearly all countries.

    It says too often that there is one, which only costs a second look.
    """
    number = record.phone
    return sa.case(
        (number.like("+549%"), "+54" + _part(number, 5)),
        (number.like("+54%"), "+549" + _part(number, 4)),
        (number.like("+55__9________"), _part(number, 1, 5) + _part(number, 7)),
        (number.like("+55__________"), _part(number, 1, 5) + "9" + _part(number, 6)),
    )


def _part(text: Any, *place: int) -> sa.ColumnElement[str]:
    return sa.func.substr(text, *place, type_=sa.String)


def _exists(record: type[SourceMixin], table: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists().where(table.c.organization_id == record.organization_id, *conditions).correlate_except(table)
