"""Bookings of a backup: what they are found by is computed, whatever the backup says."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from crm.bookings.models import Booking
from crm.bookings.services import renew_search_text
from crm.kernel.data import Arrival
from crm.kernel.db import transaction
from crm.kernel.extensions import db

PAGE = 500


def restored(arrival: Arrival) -> Iterable[str]:
    last = 0
    page = sa.select(Booking.id).order_by(Booking.id).limit(PAGE)
    while ids := db.session.scalars(page.where(Booking.id > last)).all():
        with transaction():
            renew_search_text(ids)
        last = ids[-1]
    return ()
