"""Apple's web service for passes: phones register for newer ones, ask which there are, and get them.

A phone proves that it has the pass by the token in it (`Authorization: ApplePass …`), but for the list, for which
Apple's protocol has none, and the log. The address names the organization; the serial names it again.
"""

from __future__ import annotations

import json
import logging
import re

from flask import Blueprint, Response, abort, current_app, jsonify, make_response, request

from crm.customers.models import Customer
from crm.kernel.tenancy import enter_organization
from crm.wallets import apple, queries, services
from crm.wallets.apple import Certificates
from crm.wallets.identity import is_token_of, owner_of
from crm.wallets.models import DEVICE, PUSH_TOKEN
from crm.wallets.passes import pass_of
from crm.wallets.settings import wallets
from crm.web.signed import by_signature, refuse_flood, refuse_forged

bp = Blueprint("apple_wallet", __name__, url_prefix="/wallets/apple/<id:organization_id>/v1")

MAX_LOGS, MAX_LOG = 10, 300
"""Lines of a phone's log, and characters of each."""

log = logging.getLogger(__name__)

REGISTRATION = "/devices/<device>/registrations/<pass_type>/<serial>"


@bp.post(REGISTRATION)
@by_signature
def register(organization_id: int, device: str, pass_type: str, serial: str) -> Response:
    customer = _proved(organization_id, pass_type, serial)
    said = request.get_json(silent=True)
    push_token = said.get("pushToken") if isinstance(said, dict) else None
    if not isinstance(push_token, str) or not _is_word(push_token, PUSH_TOKEN) or not _is_word(device, DEVICE):
        abort(400)
    if customer is None:
        abort(404)
    return make_response("", 201 if services.register(customer, serial, device, push_token) else 200)


@bp.delete(REGISTRATION)
@by_signature
def unregister(organization_id: int, device: str, pass_type: str, serial: str) -> Response:
    _proved(organization_id, pass_type, serial)
    services.unregister(serial, device[:DEVICE])
    return make_response("", 200)


@bp.get("/devices/<device>/registrations/<pass_type>")
def updated(organization_id: int, device: str, pass_type: str) -> Response:
    """Name the passes on a phone, if one of them shows something else since the tag that the phone has."""
    _certificates(pass_type)
    enter_organization(organization_id, None)
    rows = queries.serials_on(device[:DEVICE])
    if not rows:
        return make_response("", 204)
    tag = queries.tag_of([queries.card_of(queries.survivor(row.customer_id), row.serial) for row in rows])
    if request.args.get("passesUpdatedSince") == tag:
        return make_response("", 204)
    return jsonify({"lastUpdated": tag, "serialNumbers": [row.serial for row in rows]})


@bp.get("/passes/<pass_type>/<serial>")
def latest(organization_id: int, pass_type: str, serial: str) -> Response:
    customer, certificates = _proved(organization_id, pass_type, serial), _certificates(pass_type)
    response = make_response(pass_of(customer, serial, certificates, _token()))
    response.mimetype = apple.MIMETYPE
    return response


@bp.post("/log")
@by_signature
def logs(organization_id: int) -> Response:
    """Note what phones say is wrong with our passes."""
    _certificates()
    said = request.get_json(silent=True)
    lines = said.get("logs") if isinstance(said, dict) else None
    for line in lines[:MAX_LOGS] if isinstance(lines, list) else []:
        log.warning("a phone says of passes of organization %d: %s", organization_id, json.dumps(line)[:MAX_LOG])
    return make_response("", 200)


def _certificates(pass_type: str | None = None) -> Certificates:
    found = wallets().apple
    if found is None or pass_type not in (None, found.pass_type):
        abort(404)
    return found


def _proved(organization_id: int, pass_type: str, serial: str) -> Customer | None:
    """Return whose pass it is, None for who was deleted; 401 unless the token is the serial's."""
    refuse_flood()
    _certificates(pass_type)
    config, owner = current_app.config, owner_of(serial)
    secrets = (config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"])
    if owner is None or owner.organization_id != organization_id or not is_token_of(serial, _token(), secrets):
        refuse_forged(401)
    enter_organization(organization_id, None)
    return queries.survivor(owner.customer_id)


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "ApplePass" else ""


def _is_word(text: str, most: int) -> bool:
    return bool(re.fullmatch(rf"[!-~]{{1,{most}}}", text, re.ASCII))
