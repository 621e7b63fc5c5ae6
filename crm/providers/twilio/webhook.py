"""Twilio's webhook: reports about attempts and tests, and inbound texts.

The signature is checked first: with the token of the report's organization, or for a text with the tokens of all.
"""

from __future__ import annotations

import re

from flask import Response, current_app, request
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict

from crm.kernel.db import wait_as_jobs_do
from crm.messages.channels.base import Channel
from crm.messages.channels.sms import SMS
from crm.providers.base import Route
from crm.providers.directory import Directory, DirectoryEntry
from crm.providers.twilio import payload
from crm.providers.twilio.account import ACCOUNT, SERVICE, SID, TOKEN
from crm.providers.webhook import TRIED_WITH_ALL, Desk, ForgedError, UnknownError
from crm.values.phone import variants

MAX_FIELDS = 300
"""Twilio sends some thirty."""

_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")


def take_report(desk: Desk, attempt_id: int) -> Response:
    form = _form()
    organization_id = _owner(desk, desk.owners_of_attempts([attempt_id]).get(attempt_id), form)
    desk.take_reports(organization_id, [payload.report(attempt_id, form)])
    return Response(status=204)


def take_test_report(desk: Desk, test_id: int) -> Response:
    form = _form()
    organization_id = _owner(desk, desk.owners_of_tests([test_id]).get(test_id), form)
    desk.take_test_reports(organization_id, [payload.report(test_id, form)])
    return Response(status=204)


def take_text(desk: Desk) -> Response:
    """Answer with an empty TwiML response, which sends nothing back."""
    form = _form()
    signature = _signature()
    directory = desk.directory()
    token = _token(directory, form, signature)
    candidates = sending_from(directory, *payload.written_to(form))
    owners = [id_ for id_ in candidates if directory.secret(id_, ACCOUNT, TOKEN) == token]
    if candidates and not owners:
        raise ForgedError
    if not owners:
        raise UnknownError
    text = payload.incoming(form)
    desk.take_texts({id_: [text] for id_ in desk.readers(text, owners)})
    return Response("<Response/>", mimetype="text/xml")


ROUTES = (
    Route("twilio_status", "twilio/status/<id:attempt_id>", take_report, "There is no such attempt."),
    Route("twilio_test", "twilio/tests/<id:test_id>", take_test_report, "There is no such test message."),
    Route("twilio_inbound", "twilio/inbound", take_text, "Nobody here sends from this number."),
)


def is_signed(token: str, url: str, form: MultiDict[str, str], signature: str) -> bool:
    """Check X-Twilio-Signature over the public URL and the form (twilio.com/docs/usage/security)."""
    return bool(token and signature) and bool(RequestValidator(token).validate(url, form, signature))


def sending_from(directory: Directory, channel: Channel, number: str, service: str) -> list[int]:
    """Return the organizations that send from a number: owners first, then the oldest.

    A Messaging Service covers all of its numbers. The installation's number has no owner, even if somebody entered it.
    """
    users, same = directory.sending_by("twilio", channel), set(variants(number))
    named = [entry for entry in users if number and entry.sender(channel, ACCOUNT) in same]
    others = [entry for entry in users if service and _sends_by(entry, channel, service)]
    is_shared = current_app.config[ACCOUNT.addresses[channel]] in same
    own = [entry.id for entry in named if entry.senders[channel] and not is_shared]
    return list(dict.fromkeys([*own, *sorted(entry.id for entry in (*named, *others))]))


def _sends_by(entry: DirectoryEntry, channel: Channel, service: str) -> bool:
    uses = channel is SMS or not entry.sender(channel, ACCOUNT)
    return uses and entry.known(ACCOUNT)[SERVICE] == service


def _owner(desk: Desk, organization_id: int | None, form: MultiDict[str, str]) -> int:
    """Return the organization of a report, after checking its token."""
    if organization_id is None:
        raise UnknownError
    signature = _signature()
    if not is_signed(desk.directory().secret(organization_id, ACCOUNT, TOKEN), _public_url(), form, signature):
        raise ForgedError
    wait_as_jobs_do()
    return organization_id


def _token(directory: Directory, form: MultiDict[str, str], signature: str) -> str:
    """Return the token that signed a request; a large one is checked only with those of its account."""
    size = sum(len(name) + len(value) for name, value in form.items(multi=True))
    account, url = form.get("AccountSid", ""), _public_url()

    def is_named(entry: DirectoryEntry) -> bool:
        return size <= TRIED_WITH_ALL or entry.known(ACCOUNT)[SID] == account

    for token in directory.secrets(ACCOUNT, TOKEN, is_named):
        if is_signed(token, url, form, signature):
            wait_as_jobs_do()
            return token
    raise ForgedError


def _signature() -> str:
    """Return the signature header; ForgedError if it can't be one."""
    signature = request.headers.get("X-Twilio-Signature", "")[:500]
    if not _SIGNATURE.fullmatch(signature):
        raise ForgedError
    return signature


def _form() -> MultiDict[str, str]:
    """Return the form; ValueError for too many fields, before parsing."""
    request.max_form_parts = MAX_FIELDS
    if request.get_data(cache=True).count(b"&") >= MAX_FIELDS:
        raise ValueError(f"A request has up to {MAX_FIELDS} fields.")
    return request.form


def _public_url() -> str:
    """Return the signed URL: the public one, whatever proxies changed."""
    query = request.query_string.decode("latin-1")
    return f"{current_app.config['PUBLIC_URL']}{request.path}" + (f"?{query}" if query else "")
