"""Pages of bookings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.bookings import queries, services
from crm.bookings.forms import BookingForm
from crm.bookings.models import Booking, BookingStatus
from crm.kernel.idempotency import KeyReusedError
from crm.values.language import gettext as _
from crm.web.htmx import done, respond

bp = Blueprint("bookings", __name__)


@bp.get("/bookings")
def index() -> Response:
    page = queries.page_of(queries.BookingFilter.from_args(request.args), request.args.get("page", 1, type=int))
    choices: dict[str, Any] = {"statuses": BookingStatus, "whens": queries.WHENS, "parties": queries.parties(page.rows)}
    return respond("bookings/index.html", "bookings/_list.html", page=page, **choices)


@bp.route("/bookings/new", methods=["GET", "POST"])
def new() -> Response:
    form = BookingForm()
    if form.wants_other_persons:
        form.refill()
    elif form.validate_on_submit():
        try:
            booking = services.create(form.values(), form.people(), form.request_key())
        except (services.NumberTakenError, KeyReusedError) as error:
            form.explain(error)
        else:
            return _saved(_("Booking %(number)s added.", number=booking.number), booking)
    return respond("bookings/new.html", "bookings/_form.html", _status(form), form=form, booking=None)


@bp.get("/bookings/<id:booking_id>")
def show(booking_id: int) -> Response:
    booking = find(Booking, booking_id)
    persons = queries.persons_of(booking_id)
    return respond("bookings/show.html", "bookings/_booking.html", booking=booking, persons=persons)


@bp.route("/bookings/<id:booking_id>/edit", methods=["GET", "POST"])
def edit(booking_id: int) -> Response:
    booking = find(Booking, booking_id)
    form = BookingForm(booking=booking)
    if form.wants_other_persons:
        form.refill()
    elif form.validate_on_submit():
        try:
            booking = services.edit(booking_id, form.values(), form.people())
        except (services.NumberTakenError, KeyReusedError) as error:
            form.explain(error)
        else:
            return _saved(_("Booking %(number)s saved.", number=booking.number), booking)
    return respond("bookings/edit.html", "bookings/_form.html", _status(form), form=form, booking=booking)


@bp.post("/bookings/<id:booking_id>/cancel")
def cancel(booking_id: int) -> Response:
    booking = services.cancel(find(Booking, booking_id).id)
    undo = url_for("bookings.take_up", booking_id=booking_id)
    return _saved(_("Booking %(number)s canceled.", number=booking.number), booking, undo)


@bp.post("/bookings/<id:booking_id>/cancel/delete")
def take_up(booking_id: int) -> Response:
    booking = services.take_up(find(Booking, booking_id).id)
    return _saved(_("Booking %(number)s reopened.", number=booking.number), booking)


def _saved(message: str, booking: Booking, undo: str | None = None) -> Response:
    location = url_for("bookings.show", booking_id=booking.id)
    persons = queries.persons_of(booking.id)
    context: dict[str, Any] = {"booking": booking, "persons": persons}
    return done(message, location, "bookings/saved.htmx.html", undo=undo, show=location, **context)


def _status(form: BookingForm) -> int:
    return 422 if form.is_submitted() and not form.wants_other_persons else 200
