"""From a request of a provider to what is stored: whose it is, then its signature, then what it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from werkzeug.datastructures import MultiDict

from crm.messages import inbound, reports
from crm.messages.inbound import Incoming
from crm.messages.reports import Heard
from crm.messages.webhooks import doors, twilio, whatsapp
from crm.messages.webhooks.signatures import is_from_meta, is_from_twilio, is_token


class ForgedError(Exception):
    """The signature does not fit; nothing was stored."""


class UnknownError(Exception):
    """The request is about an attempt that is not there, or to a number that nobody sends from."""


def twilio_report(attempt_id: int, url: str, form: MultiDict[str, str], signature: str) -> None:
    """Take what Twilio says about an attempt; raises UnknownError, ForgedError, and ValueError with a sentence."""
    organization_id = reports.places_of([attempt_id]).get(attempt_id)
    if organization_id is None:
        raise UnknownError
    if not is_from_twilio(doors.twilio_token(organization_id), url, form, signature):
        raise ForgedError
    reports.hear(organization_id, [twilio.report(attempt_id, form)])


def twilio_text(url: str, form: MultiDict[str, str], signature: str) -> None:
    """Take a text that came in by Twilio, for every organization that sends from the number it was written to.

    Raises UnknownError for a number that nobody sends from, ForgedError, and ValueError with a sentence.
    """
    candidates = doors.sending_from(*twilio.written_to(form))
    owners = [id_ for id_ in candidates if is_from_twilio(doors.twilio_token(id_), url, form, signature)]
    if not owners and (candidates or not is_from_twilio(doors.default_twilio_token(), url, form, signature)):
        raise ForgedError
    if not owners:
        raise UnknownError
    text = twilio.incoming(form)
    for organization_id in owners:
        inbound.receive(organization_id, [text])


def meta(raw: bytes, signature: str) -> None:
    """Take what Meta says, of each organization only what its own app signed.

    Raises ForgedError when nothing of it was, UnknownError when it is only about attempts that are not there, and
    ValueError with a sentence.
    """
    payload = whatsapp.read(raw)
    heard, texts = _reports_by_owner(payload), _texts_by_owner(payload)
    owners = heard.keys() | texts.keys()
    genuine = {id_ for id_ in owners if is_from_meta(doors.app_secret(id_), raw, signature)}
    if not genuine and (owners or not is_from_meta(doors.default_app_secret(), raw, signature)):
        raise ForgedError
    if not owners and payload.reports:
        raise UnknownError
    for organization_id in sorted(genuine):
        reports.hear(organization_id, heard.get(organization_id, []))
        inbound.receive(organization_id, texts.get(organization_id, []))


def may_subscribe(token: str) -> bool:
    """Say whether Meta shows a token of ours, when an owner enters our address there."""
    return is_token(doors.verify_tokens(), token)


def _reports_by_owner(payload: whatsapp.Payload) -> Mapping[int, list[Heard]]:
    places = reports.places_of({report.attempt_id for report in payload.reports})
    found = defaultdict(list)
    for report in payload.reports:
        if report.attempt_id in places:
            found[places[report.attempt_id]].append(report)
    return found


def _texts_by_owner(payload: whatsapp.Payload) -> Mapping[int, list[Incoming]]:
    owners = {id_: doors.with_phone_number_id(id_) for id_ in {number_id for number_id, _ in payload.texts}}
    found = defaultdict(list)
    for number_id, text in payload.texts:
        for organization_id in owners[number_id]:
            found[organization_id].append(text)
    return found
