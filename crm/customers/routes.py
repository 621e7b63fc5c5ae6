"""Pages of customers; the list itself is the home page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.customers import panels, services
from crm.customers.forms import CustomerForm
from crm.customers.models import BulkChange, Customer
from crm.customers.queries import cities_like
from crm.errors import SentenceError
from crm.web.forms import Form
from crm.web.htmx import done, respond

bp = Blueprint("customers", __name__)


@bp.get("/customers")
def index() -> Response:
    """Lead to the list, which is the home page."""
    return redirect(_list_url(), 303)


@bp.route("/customers/new", methods=["GET", "POST"])
def new() -> Response:
    """Add a customer."""
    form = CustomerForm(name=request.args.get("name"))
    if form.validate_on_submit():
        try:
            customer = services.create_customer(
                form.values(), form.request_key(), another_person=form.another_person.data
            )
        except SentenceError as error:
            form.explain(error)
        else:
            return _saved(f"{customer.name} is added.", customer)
    return respond("customers/new.html", "customers/_form.html", _status(form), form=form, customer=None)


@bp.get("/customers/<id:customer_id>")
def show(customer_id: int) -> Response:
    """Show a customer with everything that hangs on them."""
    customer = find(Customer, customer_id)
    sections = [(panel, panel.load(customer)) for panel in panels.registered()]
    return respond("customers/show.html", "customers/_customer.html", customer=customer, sections=sections)


@bp.route("/customers/<id:customer_id>/edit", methods=["GET", "POST"])
def edit(customer_id: int) -> Response:
    """Change a customer."""
    customer = find(Customer, customer_id)
    form = CustomerForm(customer=customer)
    if form.validate_on_submit():
        try:
            customer = services.edit_customer(customer_id, form.values())
        except SentenceError as error:
            form.explain(error)
        else:
            return _saved(f"{customer.name} is saved.", customer)
    return respond("customers/edit.html", "customers/_form.html", _status(form), form=form, customer=customer)


@bp.route("/customers/<id:customer_id>/delete", methods=["GET", "POST"])
def delete(customer_id: int) -> Response:
    """Ask, then delete a customer for good."""
    customer = find(Customer, customer_id)
    if request.method == "GET":
        counts = [words for panel in panels.registered() if (words := panel.count(customer_id))]
        return respond("customers/delete.html", "customers/_delete.html", customer=customer, counts=counts)
    name = customer.name
    services.delete_customer(customer_id)
    gone = url_for("customers.show", customer_id=customer_id)
    return done(
        f"{name} is deleted.", url_for("home.index"), "customers/delete.htmx.html", gone=gone, customer_id=customer_id
    )


@bp.post("/customers/<id:customer_id>/archive")
def archive(customer_id: int) -> Response:
    """Take a customer out of every list."""
    customer = services.archive_customer(find(Customer, customer_id).id)
    undo = url_for("customers.restore", customer_id=customer_id)
    return _saved(f"{customer.name} is archived.", customer, undo=undo)


@bp.post("/customers/<id:customer_id>/restore")
def restore(customer_id: int) -> Response:
    """Bring an archived customer back."""
    customer = services.restore_customer(find(Customer, customer_id).id)
    return _saved(f"{customer.name} is restored.", customer)


@bp.post("/customers/bulk")
def bulk() -> Response:
    """Activate or deactivate the selected customers."""
    active = {"activate": True, "deactivate": False}.get(request.form.get("action", ""))
    ids = [
        int(value) for value in request.form.getlist("ids") if value.isascii() and value.isdigit() and len(value) < 19
    ]
    if active is None or not ids:
        sentence = "Select at least one customer first." if active is not None else "Choose Activate or Deactivate."
        return respond("customers/bulk_problem.html", "customers/_bulk_problem.html", 422, sentence=sentence)
    change = services.set_active(ids[: services.BULK_AT_ONCE], active)
    count = len(change.customer_ids)
    text = f"{count} {'customer' if count == 1 else 'customers'} {'activated' if active else 'deactivated'}."
    undo = url_for("customers.undo_bulk", change_id=change.id) if count else None
    return done(text, _list_url(), "customers/bulk.htmx.html", undo=undo)


@bp.post("/bulk/<id:change_id>/undo")
def undo_bulk(change_id: int) -> Response:
    """Take a bulk change back."""
    count = services.undo_bulk(find(BulkChange, change_id))
    text = f"{count} {'customer' if count == 1 else 'customers'} put back."
    return done(text, url_for("home.index"), "customers/bulk.htmx.html")


@bp.get("/customers/cities")
def cities() -> str:
    """Return the cities that begin as typed, for the filter's suggestions."""
    return render_template("customers/_cities.html", cities=cities_like(request.args.get("city", "")))


def _saved(message: str, customer: Customer, undo: str | None = None) -> Response:
    location = url_for("customers.show", customer_id=customer.id)
    return done(message, location, "customers/saved.htmx.html", undo=undo, show=location, customer=customer)


def _list_url() -> str:
    args: dict[str, Any] = request.args.to_dict()
    return url_for("home.index", **args)


def _status(form: Form) -> int:
    return 422 if form.is_submitted() else 200
