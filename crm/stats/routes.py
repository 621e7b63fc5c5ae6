from __future__ import annotations

from flask import Blueprint, Response

from crm.customers.totals import totals
from crm.stats.queries import new_by_month
from crm.web.htmx import respond, wants_fragment

bp = Blueprint("stats", __name__)


@bp.get("/stats")
def index() -> Response:
    months = [] if wants_fragment() else new_by_month()
    return respond("stats/index.html", "stats/_cards.html", totals=totals(), months=months)
