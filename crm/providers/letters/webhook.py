"""Taking the reports of a mail provider: each organization's by the secret that is its own."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import Response, request

from crm.kernel.db import wait_as_jobs_do
from crm.providers.base import Account, Reported, referred_test, refers_to_letter
from crm.providers.webhook import Desk, ForgedError, UnknownError
from crm.values import clock

MAX_BYTES = 1024 * 1024
WINDOW = dt.timedelta(minutes=5)
"""How far the time in a signed request may be from ours."""


class Event(NamedTuple):
    """A report: `reference` names an attempt or a test; `id_` is the provider's id of the letter."""

    reference: str
    word: str
    id_: str
    said_at: dt.datetime | None = None
    code: str | None = None


def take(
    desk: Desk,
    account: Account,
    secret: str,
    is_signed: Callable[[str, bytes], bool],
    read: Callable[[Any], list[Event]],
    token: Callable[[Any], str] | None = None,
) -> Response:
    """Take the events of a request that one of the known secrets signed.

    token: what a provider signs instead of the events, from a request that is genuine; each counts once.
    """
    request.max_content_length = MAX_BYTES
    raw = request.get_data()
    directory = desk.directory()
    signed_by = next((known for known in directory.secrets(account, secret) if is_signed(known, raw)), None)
    if signed_by is None:
        raise ForgedError
    wait_as_jobs_do()
    said = _json(raw)
    with desk.spending(account.webhook_path, token(said)) if token else contextlib.nullcontext():
        events = [event for event in read(said) if not refers_to_letter(event.reference)]
        _take(desk, events, lambda id_: directory.secret(id_, account, secret) == signed_by)
    return Response(status=200)


def is_recent(seconds: str) -> bool:
    """Whether a Unix time is within the window."""
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > 11:
        return False
    return abs(dt.datetime.fromtimestamp(int(seconds), dt.UTC) - clock.utcnow()) <= WINDOW


def _take(desk: Desk, events: Sequence[Event], is_genuine: Callable[[int], bool]) -> None:
    attempts, tests = _by_kind(events)
    owners = desk.owners_of_attempts({one.attempt_id for one in attempts})
    test_owners = desk.owners_of_tests({one.attempt_id for one in tests})
    known = {*owners.values(), *test_owners.values()}
    genuine = {id_ for id_ in known if is_genuine(id_)}
    if known and not genuine:
        raise ForgedError
    if events and not known:
        raise UnknownError
    for id_ in sorted(genuine):
        desk.take_reports(id_, _of(id_, attempts, owners))
        desk.take_test_reports(id_, _of(id_, tests, test_owners))


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        raise ValueError("A report is JSON.") from None


def _by_kind(events: Iterable[Event]) -> tuple[list[Reported], list[Reported]]:
    attempts, tests = [], []
    for event in events:
        test_id = referred_test(event.reference)
        if test_id is not None:
            tests.append(_reported(test_id, event))
        elif event.reference.isascii() and event.reference.isdigit() and len(event.reference) < 18:
            attempts.append(_reported(int(event.reference), event))
    return attempts, tests


def _reported(id_: int, event: Event) -> Reported:
    return Reported(id_, event.word[:40], event.id_[:100], event.code, event.said_at)


def _of(id_: int, reports: Sequence[Reported], owners: Mapping[int, int]) -> list[Reported]:
    found = defaultdict(list)
    for one in reports:
        if one.attempt_id in owners:
            found[owners[one.attempt_id]].append(one)
    return found[id_]
