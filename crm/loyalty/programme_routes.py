"""Pages of the rules of points."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.loyalty import programme, queries
from crm.loyalty.models import PointsMultiplier
from crm.loyalty.programme_forms import MultiplierForm, ProgrammeForm
from crm.loyalty.routes import bp
from crm.values.language import gettext as _
from crm.web.htmx import done, respond


@bp.route("/settings/loyalty", methods=["GET", "POST"])
def settings() -> AnyResponse:
    form = ProgrammeForm(queries.settings_here())
    if form.validate_on_submit():
        programme.save(form.values(), form.earning(), existing_too=form.existing_too.data)
        flash(_("Saved."), "success")
        return redirect(url_for("loyalty.settings"), 303)
    status = 422 if form.is_submitted() else 200
    return respond("loyalty/settings.html", "loyalty/_settings.html", status, form=form, **_rows())


@bp.route("/settings/loyalty/multipliers/new", methods=["GET", "POST"])
def new_multiplier() -> AnyResponse:
    form = MultiplierForm()
    if form.validate_on_submit():
        programme.add_multiplier(form.values())
        return _done(_("Multiplier added."))
    return _window(form)


@bp.route("/settings/loyalty/multipliers/<id:multiplier_id>/edit", methods=["GET", "POST"])
def edit_multiplier(multiplier_id: int) -> AnyResponse:
    multiplier = find(PointsMultiplier, multiplier_id)
    form = MultiplierForm(multiplier)
    if form.validate_on_submit():
        programme.edit_multiplier(multiplier_id, form.values())
        return _done(_("Multiplier saved."))
    return _window(form, multiplier)


@bp.post("/settings/loyalty/multipliers/<id:multiplier_id>/delete")
def delete_multiplier(multiplier_id: int) -> AnyResponse:
    programme.delete_multiplier(find(PointsMultiplier, multiplier_id).id)
    return _done(_("Multiplier removed. What customers earned with it stays."))


def _window(form: MultiplierForm, multiplier: PointsMultiplier | None = None) -> Response:
    status = 422 if form.is_submitted() else 200
    context: dict[str, Any] = {"form": form, "multiplier": multiplier}
    return respond("loyalty/multiplier.html", "loyalty/_multiplier_form.html", status, **context)


def _done(message: str) -> AnyResponse:
    return done(message, url_for("loyalty.settings"), "loyalty/settings.htmx.html", **_rows())


def _rows() -> dict[str, Any]:
    return {"multipliers": queries.multipliers_shown()}
