"""The page of a customer's visits."""

from __future__ import annotations

from crm.visits import queries, services
from flask import Blueprint, Response, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.customers.models import Customer
from crm.web.htmx import go_to

bp = Blueprint("visits", __name__)


@bp.get("/customers/<id:customer_id>/visits")
def index(customer_id: int) -> Response:
    """Show the visits of a customer."""
    customer = find(Customer, customer_id)
    return Response(render_template("visits/index.html", customer=customer, data=queries.panel_data(customer)))


@bp.post("/customers/<id:customer_id>/visits")
def add(customer_id: int) -> AnyResponse:
    """Record a visit."""
    services.add_visit(find(Customer, customer_id).id)
    return go_to(url_for("visits.index", customer_id=customer_id))


@bp.get("/visits")
def about() -> str:
    """Say what visits are."""
    return render_template("visits/about.html")
