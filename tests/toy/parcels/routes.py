"""The page of a customer's parcels."""

from __future__ import annotations

from crm.parcels import queries, services
from flask import Blueprint, Response, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.customers.models import Customer
from crm.web.htmx import go_to

bp = Blueprint("parcels", __name__)


@bp.get("/customers/<id:customer_id>/parcels")
def index(customer_id: int) -> Response:
    """Show the parcels of a customer."""
    customer = find(Customer, customer_id)
    return Response(render_template("parcels/index.html", customer=customer, data=queries.panel_data(customer)))


@bp.post("/customers/<id:customer_id>/parcels")
def add(customer_id: int) -> AnyResponse:
    """Record a parcel."""
    services.add_parcel(find(Customer, customer_id).id)
    return go_to(url_for("parcels.index", customer_id=customer_id))


@bp.get("/parcels")
def about() -> str:
    """Say what parcels are."""
    return render_template("parcels/about.html")
