"""Pages of customers; the list itself is the home page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.customers import contacts, services, timeline
from crm.customers.bulk_forms import BulkFormError, read_change, read_selection
from crm.customers.bulk_models import BulkChange
from crm.customers.bulk_sentences import bulk_sentences_of
from crm.customers.forms import CustomerForm
from crm.customers.models import Customer, CustomerKey
from crm.customers.parts import with_parts
from crm.customers.queries import WITH_BRANCH, WITH_FURTHER
from crm.customers.shared_keys import known_as
from crm.customers.suggestions import cities_like, provinces_like
from crm.kernel.errors import SentenceError
from crm.kernel.manifest import catalog
from crm.people.matching import Kind
from crm.values.language import gettext as _
from crm.web.filters import phone_number, phone_problem
from crm.web.forms import Form
from crm.web.htmx import done, go_to, respond, wants_fragment
from crm.web.ids import id_in
from crm.web.urls import with_query

bp = Blueprint("customers", __name__)


@bp.get("/customers")
def index() -> Response:
    return redirect(_list_url(), 303)


@bp.route("/customers/new", methods=["GET", "POST"])
def new() -> Response:
    form = CustomerForm(name=request.args.get("name"), phone=request.args.get("phone"))
    if form.validate_on_submit():
        try:
            customer = services.create_customer(
                form.values(), form.request_key(), another_person=form.another_person.data
            )
        except SentenceError as error:
            form.explain(error)
        else:
            return _saved(_("%(name)s added.", name=customer.name) + _number_problem(customer), customer)
    return respond("customers/new.html", "customers/_form.html", _status(form), form=form, customer=None)


@bp.get("/customers/known")
def known() -> str:
    """Say who else has what was typed into the field of a form."""
    found = known_as(request.args, id_in(request.args.get("customer")))
    return render_template("customers/_known.html", found=found)


@bp.get("/customers/<id:customer_id>")
def show(customer_id: int) -> Response:
    customer = find(Customer, customer_id, WITH_BRANCH, WITH_FURTHER, with_parts(), *catalog().customer_loads)
    sections = [(panel, data) for panel in catalog().panels if (data := panel.load(customer))]
    notices = [(notice.template, notice.load(customer)) for notice in catalog().notices]
    return respond(
        "customers/show.html", "customers/_customer.html", customer=customer, sections=sections, notices=notices
    )


@bp.get("/customers/<id:customer_id>/timeline", endpoint="timeline")
def show_timeline(customer_id: int) -> Response:
    """Show a page of events; `day` is the day whose heading the page shows already, `panel` asks for fewer."""
    customer = find(Customer, customer_id)
    limit = timeline.PANEL_SIZE if request.args.get("panel") else timeline.PAGE_SIZE
    found = timeline.timeline_of(customer_id, before=id_in(request.args.get("before")), limit=limit)
    shown = request.args.get("day", "") if wants_fragment() else ""
    context: dict[str, Any] = {"customer": customer, "timeline": found, "shown": shown}
    return respond("customers/timeline.html", "customers/_timeline.html", **context)


@bp.route("/customers/<id:customer_id>/edit", methods=["GET", "POST"])
def edit(customer_id: int) -> Response:
    customer = find(Customer, customer_id)
    form = CustomerForm(customer=customer)
    if form.validate_on_submit():
        try:
            customer = services.edit_customer(customer_id, form.values(), another_person=form.another_person.data)
        except SentenceError as error:
            form.explain(error)
        else:
            return _saved(_("%(name)s saved.", name=customer.name) + _number_problem(customer), customer)
    return respond("customers/edit.html", "customers/_form.html", _status(form), form=form, customer=customer)


@bp.route("/customers/<id:customer_id>/delete", methods=["GET", "POST"])
def delete(customer_id: int) -> Response:
    customer = find(Customer, customer_id)
    if request.method == "GET":
        counts = [words for panel in catalog().panels if (words := panel.count(customer_id))]
        return respond("customers/delete.html", "customers/_delete.html", customer=customer, counts=counts)
    name = customer.name
    services.delete_customer(customer_id)
    page = url_for("customers.show", customer_id=customer_id)
    message, home = _("%(name)s deleted.", name=name), url_for("home.index")
    return done(message, home, "customers/delete.htmx.html", ended_page=page, customer_id=customer_id)


@bp.post("/customers/<id:customer_id>/archive")
def archive(customer_id: int) -> Response:
    customer = services.archive_customer(find(Customer, customer_id).id)
    undo = url_for("customers.restore", customer_id=customer_id)
    return _saved(_("%(name)s archived.", name=customer.name), customer, undo=undo)


@bp.post("/customers/<id:customer_id>/restore")
def restore(customer_id: int) -> Response:
    customer = services.restore_customer(find(Customer, customer_id).id)
    return _saved(_("%(name)s restored.", name=customer.name), customer)


@bp.post("/customers/<id:customer_id>/contacts/<id:contact_id>/main")
def make_main(customer_id: int, contact_id: int) -> Response:
    value = _contact_of(customer_id, contact_id)
    customer = contacts.make_main(customer_id, contact_id)
    return _saved(_("%(value)s is now the main one for %(name)s.", value=value, name=customer.name), customer)


@bp.post("/customers/<id:customer_id>/contacts/<id:contact_id>/delete")
def remove_contact(customer_id: int, contact_id: int) -> Response:
    value = _contact_of(customer_id, contact_id)
    customer = contacts.remove(customer_id, contact_id)
    return _saved(_("%(value)s removed from %(name)s.", value=value, name=customer.name), customer)


@bp.post("/customers/bulk")
def bulk() -> Response:
    try:
        asked, selection = read_change(request.form), read_selection(request.form, request.args)
    except BulkFormError as error:
        if wants_fragment():
            flash(str(error), "error")
        return respond("customers/bulk_problem.html", "customers/_bulk_problem.html", 422, sentence=str(error))
    return _answer_bulk(services.change_many(selection, *asked), _list_url())


@bp.get("/bulk/<id:change_id>")
def show_bulk(change_id: int) -> Response:
    change = find(BulkChange, change_id)
    return respond("customers/bulk.html", "customers/_bulk.html", change=change, words=bulk_sentences_of(change))


@bp.post("/bulk/<id:change_id>/undo")
def undo_bulk(change_id: int) -> Response:
    change, location = find(BulkChange, change_id), url_for("home.index")
    if not (change.can_be_undone or change.is_under_way):
        return done(_("There was nothing left to undo."), location, "customers/bulk.htmx.html")
    return _answer_bulk(services.undo_bulk(change_id), location)


@bp.get("/customers/cities")
def cities() -> str:
    return render_template("customers/_cities.html", cities=cities_like(request.args.get("city", "")))


@bp.get("/customers/provinces")
def provinces() -> str:
    return render_template("customers/_cities.html", cities=provinces_like(request.args.get("province", "")))


def _contact_of(customer_id: int, contact_id: int) -> str:
    """Return the contact as it is shown; 404 for another customer's."""
    contact = find(CustomerKey, contact_id)
    if contact.customer_id != find(Customer, customer_id).id:
        abort(404)
    return phone_number(contact.value) if contact.kind == Kind.PHONE else contact.value


def _number_problem(customer: Customer) -> str:
    if customer.phone_valid or not customer.phone:
        return ""
    return f" {_('Nothing can be sent to this number.')} {phone_problem(customer.phone)}".rstrip()


def _saved(message: str, customer: Customer, undo: str | None = None) -> Response:
    location = url_for("customers.show", customer_id=customer.id)
    return done(message, location, "customers/saved.htmx.html", undo=undo, show=location, customer=customer)


def _answer_bulk(change: BulkChange, location: str) -> Response:
    page = url_for("customers.show_bulk", change_id=change.id)
    if change.is_under_way:
        return go_to(page)
    undo = url_for("customers.undo_bulk", change_id=change.id) if change.can_be_undone else None
    return done(bulk_sentences_of(change).result, location, "customers/bulk.htmx.html", undo=undo, ended_page=page)


def _list_url() -> str:
    return with_query(url_for("home.index"), request.args.items(multi=True))


def _status(form: Form) -> int:
    return 422 if form.is_submitted() else 200
