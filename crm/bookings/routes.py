"""Pages of bookings."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.bookings import queries, services
from crm.bookings.forms import BookingForm, prefilled
from crm.bookings.known import look_up, survivor_of
from crm.bookings.models import Booking, BookingStatus
from crm.bookings.person_forms import is_place
from crm.customers.models import Customer
from crm.kernel.idempotency import KeyReusedError
from crm.leads.models import Lead
from crm.values.language import gettext as _
from crm.web.htmx import done, respond
from crm.web.ids import id_in

bp = Blueprint("bookings", __name__)


@bp.get("/bookings")
def index() -> Response:
    page = queries.page_of(queries.BookingFilter.from_args(request.args), request.args.get("page", 1, type=int))
    rows: dict[str, Any] = {"parties": queries.parties(page.rows), "accounts": queries.accounts_of(page.rows)}
    choices: dict[str, Any] = {"statuses": (BookingStatus.PENDING, BookingStatus.CONFIRMED), "whens": queries.TABS}
    choices["has_any"] = bool(page.rows) or queries.has_any()
    return respond("bookings/index.html", "bookings/index.htmx.html", page=page, **rows, **choices)


@bp.route("/bookings/new", methods=["GET", "POST"])
def new() -> Response:
    """Add a booking, from a lead or a customer if `lead` or `customer` names one."""
    origin = _origin()
    form = BookingForm(person=prefilled(origin))
    if form.wants_other_persons:
        form.refill()
    elif form.validate_on_submit():
        try:
            lead_id = origin.id if isinstance(origin, Lead) else None
            booking = services.create(form.values(), form.people(), form.request_key(), lead_id)
        except (services.NumberTakenError, KeyReusedError) as error:
            form.explain(error)
        else:
            return _saved(_("Booking %(number)s added.", number=booking.number), booking, left=_page_of(origin))
    return respond(
        "bookings/new.html", "bookings/_form.html", _status(form), form=form, booking=None, origin=_page_of(origin)
    )


@bp.get("/bookings/known-customers")
def known() -> Response:
    """List the known customers while a guest is typed; one who was chosen stays as long as the name is theirs."""
    place = request.args.get("place", "0")
    if not is_place(place):
        abort(404)
    name, number, chosen = (request.args.get(f"persons-{place}-{field}", "") for field in ("name", "phone", "customer"))
    person = look_up(name, number, id_in(chosen))
    return make_response(render_template("bookings/_known.html", place=place, person=person))


@bp.get("/bookings/<id:booking_id>")
def show(booking_id: int) -> Response:
    booking = find(Booking, booking_id)
    return respond("bookings/show.html", "bookings/_booking.html", **_parts(booking))


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
    return respond("bookings/edit.html", "bookings/_form.html", _status(form), form=form, booking=booking, origin=None)


@bp.post("/bookings/<id:booking_id>/cancel")
def cancel(booking_id: int) -> Response:
    booking = services.cancel(find(Booking, booking_id).id)
    undo = url_for("bookings.take_up", booking_id=booking_id)
    return _saved(_("Booking %(number)s canceled.", number=booking.number), booking, undo)


@bp.post("/bookings/<id:booking_id>/cancel/delete")
def take_up(booking_id: int) -> Response:
    booking = services.take_up(find(Booking, booking_id).id)
    return _saved(_("Booking %(number)s reopened.", number=booking.number), booking)


def _origin() -> Lead | Customer | None:
    """Return the lead or customer that the booking is added from; abort with 404 for a stranger's."""
    lead, customer = request.args.get("lead"), request.args.get("customer")
    if lead:
        return find(Lead, id_in(lead) or 0)
    return (survivor_of(id_in(customer)) or abort(404)) if customer else None


def _page_of(origin: Lead | Customer | None) -> str | None:
    if isinstance(origin, Lead):
        return url_for("leads.show", lead_id=origin.id)
    return url_for("customers.show", customer_id=origin.id) if origin else None


def _saved(message: str, booking: Booking, undo: str | None = None, left: str | None = None) -> Response:
    """Answer a change of a booking; who is on the page `left` is sent to the booking's."""
    location = url_for("bookings.show", booking_id=booking.id)
    told = {"undo": undo, "show": location, "ended_page": left}
    return done(message, location, "bookings/saved.htmx.html", booking=booking, **told)


def _parts(booking: Booking) -> dict[str, Any]:
    return {
        "booking": booking,
        "persons": queries.persons_of(booking.id),
        "account": queries.account_of(booking),
        "payments": queries.payments_of(booking.id),
    }


def _status(form: BookingForm) -> int:
    return 422 if form.is_submitted() and not form.wants_other_persons else 200
