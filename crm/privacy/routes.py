"""Pages of erasures, and copies of a person's data."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.customers.models import Customer
from crm.kernel.manifest import catalog
from crm.privacy import erasure, queries, services
from crm.privacy.forms import EraseForm
from crm.privacy.rules import MOST_COPIES, erased_name
from crm.values.language import gettext as _
from crm.web.htmx import done, respond

bp = Blueprint("privacy", __name__)


@bp.get("/customers/<id:customer_id>/data")
def data(customer_id: int) -> Response:
    """Download all that hangs on a customer; it is written while it is sent, so its size does not matter."""
    customer = find(Customer, customer_id)
    if queries.copies_within_an_hour() >= MOST_COPIES:
        abort(429, _("You downloaded %(most)s copies within an hour. Download the others later.", most=MOST_COPIES))
    copy = services.give_copy(customer.id)
    response = Response(copy.chunks(), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=copy.filename)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/customers/<id:customer_id>/erase", methods=["GET", "POST"])
def erase(customer_id: int) -> AnyResponse:
    customer = find(Customer, customer_id)
    page = url_for("customers.show", customer_id=customer_id)
    if customer.erased_at is not None:
        return redirect(page, 303)
    form = EraseForm(customer.name)
    if form.validate_on_submit():
        erasure.erase(customer_id, form.reason.data)
        message = _("Erased. What the law asks for is kept under “%(name)s”.", name=erased_name(customer_id))
        return done(message, page, "customers/delete.htmx.html", ended_page=page, customer_id=customer_id)
    counts = [words for panel in catalog().panels if (words := panel.count(customer_id))]
    context = {"customer": customer, "form": form, "counts": counts, "kept": queries.kept_of(customer_id)}
    return respond("privacy/erase.html", "privacy/_erase.html", 422 if form.is_submitted() else 200, **context)
