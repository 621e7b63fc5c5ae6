"""Customers sent by other systems, signed by Standard Webhooks (standardwebhooks.com)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import marshmallow as ma
from flask import Response, abort, current_app, request

from crm.accounts.queries import organization_called
from crm.api import limits
from crm.api.reading import flat, read_json
from crm.api.resource import Resource
from crm.intake import schemas as schemas
from crm.intake import webhook_calls
from crm.intake.intakes import intake_of
from crm.intake.upsert import AT_ONCE
from crm.kernel.idempotency import RequestKey
from crm.kernel.problems import InputProblem
from crm.kernel.tenancy import use_organization
from crm.people.person import Intake
from crm.web.signed import refuse_forged

bp = Resource("webhook", "Webhook", 110, once=False)

SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
MAX_ID = 255
SHAPE = 'Send a customer, or {"customers": […]} with 1 to 1,000 of them.'


@bp.post("/collection/webhook/")
@bp.response(200, schemas.Verdicts)
@bp.doc(
    requestBody={"required": True, "content": {"application/json": {"schema": schemas.WebhookInput}}},
    parameters=[schemas.header(name, text) for name, text in schemas.WEBHOOK_HEADERS.items()],
)
def receive() -> Response:
    """Send customers: one, or up to 1,000 as `customers`.

    Each row has a verdict of its own. Sign the call as Standard Webhooks says, with the secret that an owner makes in
    Settings, Webhook: of `webhook-id`, `webhook-timestamp` and the body, within five minutes. The same id with the same
    body is done once and answered the same for a week; with another body 409.
    """
    body = request.get_data(cache=True)
    asked = request.headers.get("X-Tenant-ID", "").strip()
    if not asked:
        abort(400, "Tenant not found")
    organization_id = organization_called(asked)
    if organization_id is None:
        # As for a wrong signature: who cannot sign is not told which organizations there are.
        refuse_forged(401)
    headers = {name: request.headers.get(name, "") for name in SIGNED}
    with use_organization(organization_id):
        if not webhook_calls.is_genuine(body, headers):
            refuse_forged(401)
        limits.count_for(organization_id)
        key = headers["webhook-id"]
        if len(key) > MAX_ID:
            abort(400, f"A webhook-id has up to {MAX_ID} characters.")
        rows = [_read(row) for row in _rows(read_json(body))]
        answer = webhook_calls.receive(RequestKey(key, hashlib.sha256(body).hexdigest()), rows)
    return current_app.response_class(answer, mimetype="application/json")


def _rows(sent: Any) -> Sequence[Any]:
    if not isinstance(sent, dict):
        abort(400, SHAPE)
    rows = sent.get("customers", [sent])
    if not isinstance(rows, list) or not 1 <= len(rows) <= AT_ONCE:
        abort(400, SHAPE)
    return rows


def _read(row: Any) -> Intake | str:
    """Return the person of a row, or the sentence that refuses it."""
    try:
        return intake_of(schemas.IntakeInput().load(row), source="API")
    except ma.ValidationError as error:
        return _sentence(dict(flat(error.messages)))
    except InputProblem as problem:
        return _sentence(problem.errors)


def _sentence(errors: Any) -> str:
    field, sentences = next(iter(errors.items()))
    return str(sentences[0]) if field in ("body", "full_name", "organization") else f"{field}: {sentences[0]}"
