"""Pages of reports."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.analytics.cohorts import WITHIN
from crm.analytics.rfm import FEWEST_BUYERS, HIGHEST
from crm.analytics.rfm import GROUPS as TABLE
from crm.customers.totals import totals
from crm.reports import figures, overview, people, settings
from crm.reports.customer_totals import new_by_month
from crm.reports.figures import COHORTS, FEW
from crm.reports.forms import SettingsForm
from crm.reports.queries import settings_here
from crm.reports.words import ABOUT, GROUPS, missing
from crm.values.language import gettext as _
from crm.web.htmx import respond, wants_fragment
from crm.web.urls import with_query

bp = Blueprint("reports", __name__)


bp.add_app_template_filter(people.known_of, "purchases_of")
bp.add_app_template_filter(GROUPS.__getitem__, "group_name")


@bp.get("/reports")
def index() -> Response:
    """Show the overview; the cards alone for htmx."""
    found = {} if wants_fragment() else {"months": new_by_month(), **overview.read()}
    return respond("reports/index.html", "reports/_cards.html", totals=totals(), **found)


@bp.get("/reports/rfm")
def rfm() -> Response:
    found = figures.report()
    shown: list[Any] = []
    if found.run:
        shown = people.slipping(found.run) if found.has_scores else people.buyers(found.run)
    words: dict[str, Any] = {"names": GROUPS, "about": ABOUT, "scores": range(HIGHEST, 0, -1), "fewest": FEWEST_BUYERS}
    return respond("reports/rfm.html", "reports/_rfm.html", report=found, people=shown, table=TABLE, **words)


@bp.get("/reports/cohorts")
def cohorts() -> Response:
    found = figures.report()
    rows = figures.cohorts_of(found.run.as_of) if found.run else []
    words: dict[str, Any] = {"within": WITHIN, "months": range(1, COHORTS - 1), "few": FEW}
    return respond("reports/cohorts.html", "reports/_cohorts.html", report=found, cohorts=rows, **words)


@bp.get("/reports/value")
def value() -> Response:
    found = figures.report()
    return respond("reports/value.html", "reports/_value.html", report=found, missing=missing(found.found))


@bp.route("/settings/reports", methods=["GET", "POST"])
def edit_settings() -> AnyResponse:
    form = SettingsForm(settings_here())
    if form.validate_on_submit():
        settings.save(form.values())
        flash(_("Saved. The figures follow within minutes."), "success")
        return redirect(url_for("reports.edit_settings"), 303)
    return respond("reports/settings.html", "reports/_settings.html", 422 if form.is_submitted() else 200, form=form)


@bp.get("/stats")
def stats() -> AnyResponse:
    return redirect(with_query(url_for("reports.index"), request.args.items(multi=True)), 301)
