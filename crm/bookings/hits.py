"""Bookings for the search over everything; the conditions are those of the list."""

from __future__ import annotations

from flask import url_for

from crm.bookings.models import Booking
from crm.bookings.queries import SEARCHED_BRIEFLY, BookingFilter, parties
from crm.kernel.extensions import db
from crm.kernel.manifest import Hit
from crm.web.filters import day


def find(query: str, most: int) -> list[Hit]:
    rows = db.session.scalars(BookingFilter(q=query).statement(SEARCHED_BRIEFLY).limit(most)).all()
    main = parties(rows)
    return [
        Hit(
            row.number,
            url_for("bookings.show", booking_id=row.id),
            _details(row, main[row.id].name if row.id in main else ""),
        )
        for row in rows
    ]


def _details(row: Booking, name: str) -> tuple[str, ...]:
    return tuple(filter(None, (row.service, name, day(row.date))))
