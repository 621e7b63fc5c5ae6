"""Skipping records without news, in SQL: most records of a repeated scan."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer, CustomerKey
from crm.intake.sources import Source, SourceMixin


def is_settled(source: Source) -> sa.ColumnElement[bool]:
    """Whether taking the record in would change nothing; False if unsure. All branches count, as in an intake."""
    return sa.and_(_has_all(source), *(~found for found in _others(source.model)))


def _has_all(source: Source) -> sa.ColumnElement[bool]:
    """Whether the customer has all details of the record."""
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
    """Match other customers with one of the record's keys; an e-mail is in the fields of one customer only."""
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
    """Return the other stored spelling of a number, NULL for nearly all countries; false hits cost a second look."""
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
