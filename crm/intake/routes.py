"""Pages that collect customers from other records, and the webhook's place among the settings."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find, here
from crm.accounts.services import change_organization
from crm.intake import queries, services
from crm.intake.forms import ScanForm
from crm.intake.models import Scan
from crm.intake.rules import new_secret as make_secret
from crm.kernel.errors import SentenceError
from crm.web.htmx import respond

bp = Blueprint("intake", __name__)


@bp.get("/collection")
def index() -> Response:
    return _index(ScanForm())


@bp.post("/collection")
def collect() -> AnyResponse:
    form = ScanForm()
    if form.validate():
        try:
            found = services.scan_records(form.days, form.request_key())
        except SentenceError as error:
            form.refuse("cutoff_days", error)
        else:
            return redirect(url_for("intake.scan", scan_id=found.id), 303)
    return _index(form)


@bp.get("/collection/scans/<id:scan_id>")
def scan(scan_id: int) -> Response:
    return respond("intake/scan.html", "intake/_scan.html", scan=find(Scan, scan_id))


@bp.post("/collection/scans/<id:scan_id>/cancel")
def cancel(scan_id: int) -> AnyResponse:
    services.cancel_scan(find(Scan, scan_id).id)
    return redirect(url_for("intake.scan", scan_id=scan_id), 303)


@bp.get("/settings/webhook")
def webhook() -> Response:
    return _webhook()


@bp.post("/settings/webhook/secret")
def new_secret() -> Response:
    secret = make_secret()
    change_organization(here().organization.id, {queries.SECRET: secret})
    return _webhook(secret)


def _index(form: ScanForm) -> Response:
    status = 422 if form.errors else 200
    return respond("intake/index.html", "intake/_index.html", status, form=form, scans=queries.latest())


def _webhook(secret: str | None = None) -> Response:
    address = current_app.config["PUBLIC_URL"] + url_for("api_webhook.receive")
    page = render_template("intake/webhook.html", address=address, secret=secret, is_set=queries.has_webhook_secret())
    return Response(page, mimetype="text/html")
