"""What providers call: reports of what became of a message, and texts that came in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from flask import Blueprint, Response, abort, current_app, request
from werkzeug.datastructures import MultiDict

from crm.web.signed import by_signature, refuse_flood, refuse_forged
from crm.webhooks import handlers
from crm.webhooks.handlers import ForgedError, UnknownError

bp = Blueprint("webhooks", __name__)

LARGEST_OF_META = 3 * 1024 * 1024
"""Source: developers.facebook.com, WhatsApp, Webhooks: payloads can be up to 3 MB."""

FIELDS = 300
"""Twilio sends some thirty fields; a request with more than this is none of its own."""


@bp.post("/webhooks/twilio/status/<id:attempt_id>")
@by_signature
def twilio_status(attempt_id: int) -> Response:
    """Take what Twilio says became of an attempt."""
    with _refusals("There is no such attempt."):
        handlers.twilio_report(attempt_id, _public_url(), _form(), _header("X-Twilio-Signature"))
    return Response(status=204)


@bp.post("/webhooks/twilio/tests/<id:test_id>")
@by_signature
def twilio_test(test_id: int) -> Response:
    """Take what Twilio says became of a test message."""
    with _refusals("There is no such test message."):
        handlers.twilio_trial(test_id, _public_url(), _form(), _header("X-Twilio-Signature"))
    return Response(status=204)


@bp.post("/webhooks/twilio/inbound")
@by_signature
def twilio_inbound() -> Response:
    """Take a text that came in by Twilio; the answer is one that sends nothing back."""
    with _refusals("Nobody here sends from this number."):
        handlers.twilio_text(_public_url(), _form(), _header("X-Twilio-Signature"))
    return Response("<Response/>", mimetype="text/xml")


@bp.get("/webhooks/whatsapp")
def whatsapp_subscription() -> Response:
    """Answer Meta's question whether this address is ours (Webhooks, Verification Requests)."""
    asked = request.args
    if asked.get("hub.mode") != "subscribe" or not handlers.may_subscribe(asked.get("hub.verify_token", "")):
        abort(403, "The verify token is another one.")
    return Response(asked.get("hub.challenge", "")[:200], mimetype="text/plain")


@bp.post("/webhooks/whatsapp")
@by_signature
def whatsapp() -> Response:
    """Take reports and texts from Meta."""
    request.max_content_length = LARGEST_OF_META
    with _refusals("There is no such attempt."):
        handlers.meta(request.get_data(), _header("X-Hub-Signature-256"))
    return Response(status=200)


@contextlib.contextmanager
def _refusals(unknown: str) -> Iterator[None]:
    """Answer with the status of what is wrong with a provider's request; `unknown` says what is not there."""
    refuse_flood()
    try:
        yield
    except UnknownError:
        abort(404, unknown)
    except ForgedError:
        refuse_forged()
    except ValueError as error:
        abort(400, str(error))


def _form() -> MultiDict[str, str]:
    """Return the fields of a request of Twilio's; raises ValueError for too many, before they are taken apart."""
    request.max_form_parts = FIELDS
    if request.get_data(cache=True).count(b"&") >= FIELDS:
        raise ValueError(f"A request has up to {FIELDS} fields.")
    return request.form


def _public_url() -> str:
    """Return the URL that was signed: the one the provider was given, whatever a proxy in between made of it."""
    query = request.query_string.decode("latin-1")
    return f"{current_app.config['PUBLIC_URL']}{request.path}" + (f"?{query}" if query else "")


def _header(name: str) -> str:
    return request.headers.get(name, "")[:500]
