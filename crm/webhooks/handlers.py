"""From a request of a provider to what is stored: its signature first, then what it says, then whose that is."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from werkzeug.datastructures import MultiDict

from crm.delivery import reports
from crm.delivery.reports import Heard
from crm.inbox import inbound
from crm.inbox.inbound import Incoming
from crm.kernel.db import wait_as_jobs_do
from crm.kernel.tenancy import use_organization
from crm.senders import trials
from crm.senders.directory import Directory, Entry, read_directory
from crm.webhooks import identities, sharing, twilio, whatsapp
from crm.webhooks.signatures import is_from_meta, is_from_twilio, is_token

TWILIO, META = ("twilio", "twilio_auth_token"), ("whatsapp_cloud", "whatsapp_app_secret")
"""The secret that each provider signs with, as the directory knows it."""

TRIED_WITH_ALL = 16 * 1024
"""A request of up to so many bytes is checked with the secrets of all organizations; none of them takes long."""

_TWILIO_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")
_META_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")


class ForgedError(Exception):
    """The signature does not fit; nothing was stored."""


class UnknownError(Exception):
    """The request is about an attempt that is not there, or to a number that nobody sends from."""


def twilio_report(attempt_id: int, url: str, form: MultiDict[str, str], signature: str) -> None:
    """Take what Twilio says about an attempt; raises UnknownError, ForgedError, and ValueError with a sentence.

    The one attempt is looked up before the signature is checked, for it says whose token counts.
    """
    organization_id = _owner(reports.places_of([attempt_id]).get(attempt_id), url, form, signature)
    reports.hear(organization_id, [twilio.report(attempt_id, form)])


def twilio_trial(test_id: int, url: str, form: MultiDict[str, str], signature: str) -> None:
    """Take what Twilio says about a test message; raises as `twilio_report` does."""
    organization_id = _owner(trials.owners([test_id]).get(test_id), url, form, signature)
    trials.hear(organization_id, [twilio.report(test_id, form)])


def twilio_text(url: str, form: MultiDict[str, str], signature: str) -> None:
    """Take a text that came in by Twilio, for whom it is of those that send from the number it was written to.

    Raises UnknownError for a number that nobody sends from, ForgedError, and ValueError with a sentence.
    """
    directory = _directory_for(signature, _TWILIO_SIGNATURE)
    token = _twilio_token(directory, url, form, signature)
    candidates = directory.sending_from(*twilio.written_to(form))
    owners = [id_ for id_ in candidates if directory.secret(id_, *TWILIO) == token]
    if candidates and not owners:
        raise ForgedError
    if not owners:
        raise UnknownError
    text = twilio.incoming(form)
    _receive({id_: [text] for id_ in sharing.readers(text, owners)})


def meta(raw: bytes, signature: str) -> None:
    """Take what Meta says, of each organization only what its own app signed; what is about nobody here is passed over.

    Raises ForgedError when nothing of it was, UnknownError when it is only about attempts that are not there, and
    ValueError with a sentence.
    """
    directory = _directory_for(signature, _META_SIGNATURE)
    secret = _app_secret(directory, raw, signature)
    payload = whatsapp.read(raw)
    heard = _by_owner(payload.reports, reports.places_of({report.attempt_id for report in payload.reports}))
    tried = _by_owner(payload.trials, trials.owners({report.attempt_id for report in payload.trials}))
    texts = _texts_by_owner(payload, directory, secret)
    owners = heard.keys() | tried.keys() | texts.keys()
    genuine = {id_ for id_ in owners if directory.secret(id_, *META) == secret}
    if owners and not genuine:
        raise ForgedError
    if payload.reports and not owners:
        raise UnknownError
    for organization_id in sorted(genuine):
        reports.hear(organization_id, heard.get(organization_id, []))
        with use_organization(organization_id):
            identities.learn_from(heard.get(organization_id, []))
        trials.hear(organization_id, tried.get(organization_id, []))
    _receive({id_: texts[id_] for id_ in sorted(genuine & texts.keys())})


def may_subscribe(token: str) -> bool:
    """Say whether Meta shows a token of ours, when an owner enters our address there."""
    return is_token(read_directory().secrets("whatsapp_cloud", "whatsapp_verify_token"), token)


def _directory_for(signature: str, shape: re.Pattern[str]) -> Directory:
    """Return the directory for a request whose signature can be one; raises ForgedError before anything is read."""
    if not shape.fullmatch(signature):
        raise ForgedError
    return read_directory()


def _owner(organization_id: int | None, url: str, form: MultiDict[str, str], signature: str) -> int:
    """Return the organization that a report of Twilio's is about, once its own token fits."""
    if organization_id is None:
        raise UnknownError
    directory = _directory_for(signature, _TWILIO_SIGNATURE)
    if not is_from_twilio(directory.secret(organization_id, *TWILIO), url, form, signature):
        raise ForgedError
    wait_as_jobs_do()
    return organization_id


def _app_secret(directory: Directory, raw: bytes, signature: str) -> str:
    """Return the secret that signed a request of Meta's; a large one is of organizations whose number it names."""

    def is_named(entry: Entry) -> bool:
        number = entry.known("whatsapp_cloud")["whatsapp_phone_number_id"]
        return len(raw) <= TRIED_WITH_ALL or (bool(number) and number.encode() in raw)

    found = (secret for secret in directory.secrets(*META, is_named) if is_from_meta(secret, raw, signature))
    return _first(found)


def _twilio_token(directory: Directory, url: str, form: MultiDict[str, str], signature: str) -> str:
    """Return the token that signed a request of Twilio's; a large one is of organizations whose account it names."""
    size = sum(len(name) + len(value) for name, value in form.items(multi=True))
    account = form.get("AccountSid", "")

    def is_named(entry: Entry) -> bool:
        return size <= TRIED_WITH_ALL or entry.known("twilio")["twilio_account_sid"] == account

    found = (token for token in directory.secrets(*TWILIO, is_named) if is_from_twilio(token, url, form, signature))
    return _first(found)


def _first(found: Iterator[str]) -> str:
    for secret in found:
        wait_as_jobs_do()
        return secret
    raise ForgedError


def _by_owner(reported: Iterable[Heard], places: Mapping[int, int]) -> Mapping[int, list[Heard]]:
    found = defaultdict(list)
    for report in reported:
        if report.attempt_id in places:
            found[places[report.attempt_id]].append(report)
    return found


def _texts_by_owner(payload: whatsapp.Payload, directory: Directory, secret: str) -> Mapping[int, list[Incoming]]:
    users = {id_: directory.with_phone_number_id(id_) for id_ in {number_id for number_id, _ in payload.texts}}
    found = defaultdict(list)
    for number_id, text in payload.texts:
        signed = [id_ for id_ in users[number_id] if directory.secret(id_, *META) == secret]
        # Those that have another secret are told too, so that the request counts as forged.
        for organization_id in sharing.readers(text, signed) if signed else users[number_id]:
            found[organization_id].append(text)
    return found


def _receive(texts: Mapping[int, list[Incoming]]) -> None:
    for organization_id, incoming in texts.items():
        with use_organization(organization_id):
            inbound.receive(organization_id, identities.named(incoming))
