"""First steps, sample customers, and what a phone needs to put the product on its home screen."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, jsonify, request
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import has_organization, here
from crm.demo import samples
from crm.first_hour import services
from crm.first_hour.web_manifest import web_manifest
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.web.htmx import go_to, respond

bp = Blueprint("first_hour", __name__)


@bp.get("/manifest.webmanifest")
def manifest() -> Response:
    """Describe the product to a phone, by the name of the organization where somebody is signed in."""
    signed_in = current_user.is_authenticated and has_organization()
    response = jsonify(web_manifest(here().organization.name if signed_in else ""))
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


@bp.get("/favicon.ico")
def favicon() -> Response:
    return current_app.send_static_file("icons/favicon.ico")


@bp.post("/first-hour/dismissed")
def dismiss() -> AnyResponse:
    services.dismiss()
    return go_to("/")


@bp.route("/account/phone", methods=["GET", "POST"])
def phone() -> AnyResponse:
    if request.method == "GET":
        return respond("first_hour/phone.html", "first_hour/_phone.html")
    services.put_on_phone()
    return go_to("/")


@bp.post("/samples")
def add_samples() -> AnyResponse:
    count = samples.load()
    sentence = ngettext("%(num)s sample customer added.", "%(num)s sample customers added.", count)
    flash(sentence if count else _("The sample customers are there already."), "success")
    return go_to("/")


@bp.get("/samples/delete")
def confirm_samples() -> Response:
    return respond("first_hour/samples_delete.html", "first_hour/_samples_delete.html", plan=samples.plan())


@bp.post("/samples/delete")
def delete_samples() -> AnyResponse:
    removed = samples.remove()
    sentence = ngettext("%(num)s sample customer removed.", "%(num)s sample customers removed.", removed.number)
    flash(sentence, "success")
    return go_to("/")
