from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.customers.models import Customer
from crm.kernel.idempotency import KeyReusedError
from crm.loyalty import queries, services
from crm.loyalty.forms import PointsForm
from crm.loyalty.models import PointsEntry
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.web.filters import number
from crm.web.htmx import done, respond
from crm.web.ids import id_in

bp = Blueprint("loyalty", __name__)


@bp.get("/customers/<id:customer_id>/points")
def index(customer_id: int) -> Response:
    customer = find(Customer, customer_id)
    history = queries.history_of(customer_id, before=id_in(request.args.get("before")))
    return respond("loyalty/index.html", "loyalty/_entries.html", customer=customer, history=history)


@bp.route("/customers/<id:customer_id>/points/new", methods=["GET", "POST"])
def new(customer_id: int) -> AnyResponse:
    customer = find(Customer, customer_id)
    form = PointsForm()
    if form.validate_on_submit():
        try:
            entry = services.change_points(customer_id, form.number, form.reason.data or "", form.request_key())
        except (KeyReusedError, services.PointsError) as error:
            form.explain(error)
        else:
            undo = url_for("loyalty.reverse", entry_id=entry.id) if entry.applied else None
            return _changed(entry, undo=undo)
    status = 422 if form.is_submitted() else 200
    return respond("loyalty/new.html", "loyalty/_form.html", status, form=form, customer=customer)


@bp.post("/points/<id:entry_id>/reverse")
def reverse(entry_id: int) -> AnyResponse:
    return _changed(services.reverse(find(PointsEntry, entry_id).id))


def _changed(entry: PointsEntry, **context: Any) -> AnyResponse:
    customer = find(Customer, entry.customer_id)
    location = url_for("customers.show", customer_id=customer.id, _anchor="points-panel")
    data = queries.panel_data(customer)
    message = _message(entry, customer)
    return done(message, location, "loyalty/changed.htmx.html", customer=customer, data=data, **context)


def _message(entry: PointsEntry, customer: Customer) -> str:
    count = abs(entry.applied)
    if entry.asked > 0:
        points = ngettext("%(num)s point added.", "%(num)s points added.", count, num=number(count))
    elif entry.is_short:
        asked = number(abs(entry.asked))
        points = ngettext(
            "%(num)s point deducted, not %(asked)s: the balance was lower.",
            "%(num)s points deducted, not %(asked)s: the balance was lower.",
            count,
            num=number(count),
            asked=asked,
        )
    else:
        points = ngettext("%(num)s point deducted.", "%(num)s points deducted.", count, num=number(count))
    balance = _("%(name)s now has %(points)s.", name=customer.name, points=number(customer.loyalty_points))
    return f"{points} {balance}"
