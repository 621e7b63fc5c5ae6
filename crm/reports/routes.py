"""Pages of reports."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.customers.totals import totals
from crm.reports import overview
from crm.reports.customer_totals import new_by_month
from crm.web.htmx import respond, wants_fragment
from crm.web.urls import with_query

bp = Blueprint("reports", __name__)


@bp.get("/reports")
def index() -> Response:
    """Show the overview; the cards alone for htmx."""
    found = {} if wants_fragment() else {"months": new_by_month(), **overview.read()}
    return respond("reports/index.html", "reports/_cards.html", totals=totals(), **found)


@bp.get("/stats")
def stats() -> AnyResponse:
    return redirect(with_query(url_for("reports.index"), request.args.items(multi=True)), 301)
