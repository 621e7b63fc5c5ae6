"""Pages of area customers."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.accounts.queries import branches
from crm.area_customers import queries, services
from crm.area_customers.forms import AreaCustomerForm
from crm.area_customers.models import AreaCustomer
from crm.kernel.branch_scope import bound_branch
from crm.kernel.idempotency import KeyReusedError
from crm.values.language import gettext as _
from crm.web.forms import Form
from crm.web.htmx import done, respond

bp = Blueprint("area_customers", __name__)


@bp.get("/area-customers")
def index() -> Response:
    wanted = queries.AreaFilter.from_args(request.args)
    page = queries.page_of(wanted, request.args.get("page", 1, type=int))
    choices = [] if bound_branch() else branches()
    return respond("area_customers/index.html", "area_customers/index.htmx.html", page=page, branches=choices)


@bp.get("/area-customers/areas")
def areas() -> str:
    return render_template("customers/_cities.html", cities=queries.areas_like(request.args.get("area", "")))


@bp.route("/area-customers/new", methods=["GET", "POST"])
def new() -> Response:
    form = AreaCustomerForm(name=request.args.get("name"))
    if form.validate_on_submit():
        try:
            row = services.add(form.values(), form.request_key())
        except KeyReusedError as error:
            form.refuse("name", error)
        else:
            return _saved(_("%(name)s added.", name=row.name), row)
    return respond("area_customers/new.html", "area_customers/_form.html", _status(form), form=form, row=None)


@bp.get("/area-customers/<id:area_customer_id>")
def show(area_customer_id: int) -> Response:
    row = find(AreaCustomer, area_customer_id)
    return respond("area_customers/show.html", "area_customers/_area_customer.html", row=row)


@bp.route("/area-customers/<id:area_customer_id>/edit", methods=["GET", "POST"])
def edit(area_customer_id: int) -> Response:
    row = find(AreaCustomer, area_customer_id)
    form = AreaCustomerForm(row=row)
    if form.validate_on_submit():
        row = services.edit(area_customer_id, form.values())
        return _saved(_("%(name)s saved.", name=row.name), row)
    return respond("area_customers/edit.html", "area_customers/_form.html", _status(form), form=form, row=row)


def _saved(message: str, row: AreaCustomer) -> Response:
    location = url_for("area_customers.show", area_customer_id=row.id)
    return done(message, location, "area_customers/saved.htmx.html", show=location, row=row)


def _status(form: Form) -> int:
    return 422 if form.is_submitted() else 200
