"""Bookings with their persons."""

from __future__ import annotations

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
from crm.bookings.rules import TWO_LEADS, date_problem
from crm.kernel.problems import InputProblem
from crm.values.text import clean_line

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
        first=query.get("date_from"),
        last=query.get("date_to"),
    )
    return paging.numbered(queries.bookings(wanted), query)


@bp.post("/bookings/")
@bp.arguments(schemas.BookingInput)
@bp.response(201, schemas.Booking)
def create(given: dict[str, Any]) -> Booking:
    """Add a booking.

    Its lead is found or made and becomes converted, and every person is found among the customers or becomes one.
    Without a number it gets the next free one.
    """
    values, persons = _read(given)
    try:
        return services.create(values, persons or [])
    except services.NumberTakenError as error:
        raise InputProblem({"number": [str(error)]}) from None


@bp.get("/bookings/<id:booking_id>/")
@bp.response(200, schemas.Booking)
def show(booking_id: int) -> Booking:
    """Read a booking."""
    return find(Booking, booking_id)


@bp.put("/bookings/<id:booking_id>/")
@bp.arguments(schemas.BookingInput)
@bp.response(200, schemas.Booking)
def replace(given: dict[str, Any], booking_id: int) -> Booking:
    """Change a booking.

    What was read can be sent back: fields that can't be changed are ignored. Who is not among the persons any more
    has left it, and stays a customer.
    """
    return _edit(booking_id, given)


@bp.patch("/bookings/<id:booking_id>/")
@bp.arguments(schemas.BookingChange)
@bp.response(200, schemas.Booking)
def change(given: dict[str, Any], booking_id: int) -> Booking:
    """Change some fields of a booking; persons are sent all or not at all."""
    return _edit(booking_id, given)


def _edit(booking_id: int, given: dict[str, Any]) -> Booking:
    booking = find(Booking, booking_id)
    values, persons = _read(given)
    try:
        return services.edit(booking.id, values, persons)
    except services.NumberTakenError as error:
        raise InputProblem({"number": [str(error)]}) from None


def _read(given: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]] | None]:
    """Split the values into columns and persons; raises InputProblem."""
    values = in_columns(given)
    persons = values.pop("persons", None)
    problem = date_problem(values["date"]) if "date" in values else None
    if problem:
        raise InputProblem({"date": [problem]})
    if persons and sum(person["is_lead"] for person in persons) > 1:
        raise InputProblem({"persons": [TWO_LEADS]})
    return values, persons
