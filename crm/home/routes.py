"""The home page: due reminders, and the list of customers below them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request

from crm.accounts.queries import branch_names
from crm.customers.filters import BeyondLastRowError, Filters
from crm.customers.totals import totals
from crm.duplicates.queries import count_open
from crm.first_hour import services as first_hour
from crm.home.cells import cells
from crm.home.queries import Attention, attention, customer_list
from crm.kernel.branch_scope import bound_branch
from crm.kernel.manifest import catalog
from crm.reminders.today import day
from crm.values.language import gettext as _
from crm.web.due import note_due_now
from crm.web.htmx import respond, wants_fragment

bp = Blueprint("home", __name__)
bp.add_app_template_global(cells, "customer_cells")
bp.add_app_template_global(lambda: catalog().customer_filters, "customer_filters")


@bp.get("/")
def index() -> Response:
    try:
        filters = Filters.from_args(request.args)
    except BeyondLastRowError:
        abort(400, _("Pages by number end at row 10,000. Search or filter to get closer."))
    if wants_fragment() and request.headers.get("HX-Target") == "reminders":
        return _attend()
    figures = None if wants_fragment() and filters.narrowed else totals()
    listed = customer_list(filters, figures and figures.customers)
    context: dict[str, Any] = {"filters": filters, "listed": listed, "select_all": request.args.get("select") == "all"}
    # Users bound to a branch neither filter by one nor move anybody.
    context["branches"] = () if bound_branch() else branch_names()
    if not wants_fragment():
        context |= {
            "attention": _attention(),
            "totals": figures,
        }
        context |= {"open_duplicates": count_open(), "checklist": first_hour.checklist()}
        context["shows_samples"] = first_hour.shows_samples()
    return respond("home/index.html", "home/_list.html", **context)


def _attention() -> Attention:
    found = attention(day())
    note_due_now(found.due.numbers)
    return found


def _attend() -> Response:
    """Answer a poll of the open page; 204 when nothing changed."""
    found = _attention()
    if request.args.get("seen") == found.version:
        return Response(status=204)
    return respond("home/index.html", "home/reminders.htmx.html", attention=found)
