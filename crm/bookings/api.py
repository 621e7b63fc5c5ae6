"""Bookings with their persons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from crm.accounts.access import find
from crm.api import paging
from crm.api.branches import in_columns
from crm.api.resource import Resource
from crm.api.schemas import page_of
from crm.bookings import queries, services
from crm.bookings import schemas as schemas
from crm.bookings.models import Booking, BookingStatus
from crm.bookings.queries import BookingFilter
from crm.bookings.rules import FIRST_DAY, TWO_LEADS, date_problem, until_problem
from crm.kernel.problems import InputProblem
from crm.values.text import clean_line

ACCOUNT = ("paid", "balance")

bp = Resource("bookings", "Bookings", 80)


@bp.get("/bookings/")
@bp.arguments(schemas.BookingQuery, location="query")
@bp.response(200, page_of(schemas.Booking))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List bookings, those of the latest days first."""
    status = query.get("status")
    wanted = BookingFilter(
        clean_line(query.get("search", ""))[:200],
        BookingStatus(status) if status else None,
        queries.ALL,
        first=query.get("date_from"),
        last=query.get("date_to"),
    )
    page = paging.numbered(queries.bookings(wanted), query)
    return {**page, "results": _shown(page["results"])}


@bp.post("/bookings/")
@bp.arguments(schemas.BookingInput)
@bp.response(201, schemas.Booking)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Add a booking.

    Its lead is found or made and becomes converted, and every person is found among the customers or becomes one.
    Without a number it gets the next free one.
    """
    values, persons = _read(given)
    try:
        return _one(services.create(values, persons or []))
    except services.NumberTakenError as error:
        raise InputProblem({"number": [str(error)]}) from None


@bp.get("/bookings/<id:booking_id>/")
@bp.response(200, schemas.Booking)
def show(booking_id: int) -> dict[str, Any]:
    """Read a booking."""
    return _one(find(Booking, booking_id))


@bp.put("/bookings/<id:booking_id>/")
@bp.arguments(schemas.BookingInput)
@bp.response(200, schemas.Booking)
def replace(given: dict[str, Any], booking_id: int) -> dict[str, Any]:
    """Change a booking.

    What was read can be sent back: fields that can't be changed are ignored. Who is not among the persons any more
    has left it, and stays a customer.
    """
    return _edit(booking_id, given)


@bp.patch("/bookings/<id:booking_id>/")
@bp.arguments(schemas.BookingChange)
@bp.response(200, schemas.Booking)
def change(given: dict[str, Any], booking_id: int) -> dict[str, Any]:
    """Change some fields of a booking; persons are sent all or not at all."""
    return _edit(booking_id, given)


def _edit(booking_id: int, given: dict[str, Any]) -> dict[str, Any]:
    booking = find(Booking, booking_id)
    values, persons = _read(given, booking)
    try:
        return _one(services.edit(booking.id, values, persons))
    except services.NumberTakenError as error:
        raise InputProblem({"number": [str(error)]}) from None


def _one(booking: Booking) -> dict[str, Any]:
    return _shown([booking])[0]


def _shown(bookings: Sequence[Booking]) -> list[dict[str, Any]]:
    """Return bookings as JSON, with what was paid for each."""
    accounts = queries.accounts_of(bookings)
    columns = [field.attribute or name for name, field in schemas.Booking().fields.items() if name not in ACCOUNT]
    return [
        {column: getattr(booking, column) for column in columns}
        | {name: getattr(accounts[booking.id], name) for name in ACCOUNT}
        for booking in bookings
    ]


def _read(given: dict[str, Any], booking: Booking | None = None) -> tuple[dict[str, Any], list[dict[str, Any]] | None]:
    """Split the values into columns and persons; raises InputProblem."""
    values = in_columns(given)
    persons = values.pop("persons", None)
    problem = date_problem(values["date"]) if "date" in values else None
    if problem:
        raise InputProblem({"date": [problem]})
    first: dt.date = values.get("date") or (booking.date if booking else FIRST_DAY)
    until = values.get("date_until", getattr(booking, "date_until", None))
    if until_wrong := until_problem(first, until):
        raise InputProblem({"date_until": [until_wrong]})
    if persons and sum(person["is_lead"] for person in persons) > 1:
        raise InputProblem({"persons": [TWO_LEADS]})
    return values, persons
