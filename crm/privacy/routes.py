"""Pages of erasures, copies of a person's data, and what is kept for how long."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.customers.models import Customer
from crm.kernel.manifest import catalog
from crm.privacy import erasure, queries, retention, services
from crm.privacy.forms import EraseForm, RetentionForm
from crm.privacy.models import InactiveCustomer
from crm.privacy.rules import LIST_DAYS, MOST_COPIES, RULES, erased_name
from crm.values.language import gettext as _
from crm.web.htmx import done, respond

bp = Blueprint("privacy", __name__)


@bp.get("/customers/<id:customer_id>/data")
def data(customer_id: int) -> AnyResponse:
    """Download all that hangs on a customer, files while they are sent; the worker makes a copy of many rows."""
    customer = find(Customer, customer_id)
    if queries.copies_within_an_hour() >= MOST_COPIES:
        abort(429, _("You downloaded %(most)s copies within an hour. Download the others later.", most=MOST_COPIES))
    copy = services.give_copy(customer.id)
    if copy is None:
        flash(_("There is much about this customer. The copy is being made, and will be here."), "success")
        return redirect(url_for("exports.index", _anchor="runs"), 303)
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


@bp.route("/settings/privacy", methods=["GET", "POST"])
def index() -> AnyResponse:
    """Show the rules; with `count` they are only counted, and nothing is saved."""
    form = RetentionForm() if request.method == "POST" else _saved_rules()
    counts = None
    if form.validate_on_submit():
        if "count" not in request.form:
            retention.save(form.values())
            return _done(_("Saved. The rules are applied within an hour."))
        counts = retention.counts(form.values())
    status = 422 if form.errors else 200
    return respond("privacy/index.html", "privacy/_index.html", status, **_context(form, counts))


@bp.post("/settings/privacy/inactive/<id:inactive_id>/keep")
def keep(inactive_id: int) -> AnyResponse:
    row = find(InactiveCustomer, inactive_id)
    name = row.customer.name
    retention.keep(row.id)
    return _done(_("%(name)s is kept.", name=name))


def _done(text: str) -> AnyResponse:
    return done(text, url_for("privacy.index"), "privacy/index.htmx.html", **_context(_saved_rules()))


def _saved_rules() -> RetentionForm:
    """Return the form as the rules are, also in the answer to what changed them."""
    rules = queries.rules_here()
    typed = {name: "" if (number := getattr(rules, name)) is None else str(number) for name in RULES}
    return RetentionForm(formdata=None, data=typed)


def _context(form: RetentionForm, counts: dict[str, int] | None = None) -> dict[str, Any]:
    page = queries.page_of_inactive(request.args.get("page", 1, type=int))
    return {"form": form, "counts": counts, "page": page, "days": LIST_DAYS}
