"""Meta's webhook: reports and texts in one request, and the verification of the URL.

Only what the organization's own app signed is accepted; unknown subjects are skipped.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from flask import Response, abort, request

from crm.inbox.inbound import Incoming
from crm.kernel.db import wait_as_jobs_do
from crm.messages.channels.whatsapp import WHATSAPP
from crm.providers.base import Reported, Route
from crm.providers.directory import Directory, DirectoryEntry
from crm.providers.webhook import TRIED_WITH_ALL, Desk, ForgedError, UnknownError
from crm.providers.whatsapp_cloud import payload
from crm.providers.whatsapp_cloud.account import ACCOUNT, APP_SECRET, NUMBER_ID, VERIFY_TOKEN

MAX_BYTES = 3 * 1024 * 1024
"""Source: developers.facebook.com, WhatsApp, Webhooks: payloads can be up to 3 MB."""

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")


def subscribe(desk: Desk) -> Response:
    """Answer a verification request (Webhooks, Verification Requests)."""
    asked, given = request.args, request.args.get("hub.verify_token", "")
    known = desk.directory().secrets(ACCOUNT, VERIFY_TOKEN) if asked.get("hub.mode") == "subscribe" else []
    if not any(_equal(token, given) for token in known):
        abort(403, "The verify token is another one.")
    return Response(asked.get("hub.challenge", "")[:200], mimetype="text/plain")


def take(desk: Desk) -> Response:
    """Accept reports and texts.

    Raises ForgedError if no organization's signature fits, and UnknownError if all attempts are unknown.
    """
    request.max_content_length = MAX_BYTES
    raw, signature = request.get_data(), request.headers.get("X-Hub-Signature-256", "")[:500]
    if not _SIGNATURE.fullmatch(signature):
        raise ForgedError
    directory = desk.directory()
    secret = _app_secret(directory, raw, signature)
    found = payload.read(raw)
    reports = _by_owner(found.reports, desk.owners_of_attempts({report.attempt_id for report in found.reports}))
    tests = _by_owner(found.tests, desk.owners_of_tests({report.attempt_id for report in found.tests}))
    texts = _texts_by_owner(desk, found, directory, secret)
    owners = reports.keys() | tests.keys() | texts.keys()
    genuine = {id_ for id_ in owners if directory.secret(id_, ACCOUNT, APP_SECRET) == secret}
    if owners and not genuine:
        raise ForgedError
    if found.reports and not owners:
        raise UnknownError
    for organization_id in sorted(genuine):
        desk.take_reports(organization_id, reports.get(organization_id, []))
        desk.take_test_reports(organization_id, tests.get(organization_id, []))
    desk.take_texts({id_: texts[id_] for id_ in sorted(genuine & texts.keys())})
    return Response(status=200)


ROUTES = (
    Route("whatsapp_subscription", "whatsapp", subscribe, method="GET"),
    Route("whatsapp", "whatsapp", take, "There is no such attempt."),
)


def is_signed(secret: str, raw: bytes, signature: str) -> bool:
    """Check X-Hub-Signature-256 over the raw bytes (developers.facebook.com, Webhooks, Validate Payloads)."""
    expected = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return bool(secret) and _equal(expected, signature)


def _app_secret(directory: Directory, raw: bytes, signature: str) -> str:
    """Return the secret that signed a request; a large one is checked only with those of its numbers."""

    def is_named(entry: DirectoryEntry) -> bool:
        number = entry.known(ACCOUNT)[NUMBER_ID]
        return len(raw) <= TRIED_WITH_ALL or (bool(number) and number.encode() in raw)

    for secret in directory.secrets(ACCOUNT, APP_SECRET, is_named):
        if is_signed(secret, raw, signature):
            wait_as_jobs_do()
            return secret
    raise ForgedError


def _by_owner(reports: Iterable[Reported], owners: Mapping[int, int]) -> Mapping[int, list[Reported]]:
    found = defaultdict(list)
    for report in reports:
        if report.attempt_id in owners:
            found[owners[report.attempt_id]].append(report)
    return found


def _texts_by_owner(
    desk: Desk, found: payload.Payload, directory: Directory, secret: str
) -> Mapping[int, list[Incoming]]:
    users = {id_: _sending_from(directory, id_) for id_ in {number_id for number_id, _ in found.texts}}
    texts = defaultdict(list)
    for number_id, text in found.texts:
        signed = [id_ for id_ in users[number_id] if directory.secret(id_, ACCOUNT, APP_SECRET) == secret]
        # Those that have another secret are counted too, so that the request counts as forged.
        for organization_id in desk.readers(text, signed) if signed else users[number_id]:
            texts[organization_id].append(text)
    return texts


def _sending_from(directory: Directory, number_id: str) -> list[int]:
    """Return the organizations that send from a number id, the oldest first."""
    users = directory.sending_by("whatsapp_cloud", WHATSAPP)
    return [entry.id for entry in users if number_id and entry.known(ACCOUNT)[NUMBER_ID] == number_id]


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
