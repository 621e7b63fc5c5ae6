"""Send notices that are due, one by one, each under a lease: decide, call, record."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.providers import http
from crm.providers.http import LostError, NoConnectionError
from crm.values import clock
from crm.values.language import LANGUAGES
from crm.web_push.encryption import encrypt
from crm.web_push.models import NoticeState, PushNotice, PushSubscription
from crm.web_push.rules import (
    KEPT_BY_SERVICE,
    TRIES,
    Answer,
    is_push_service,
    meaning,
    pause_after,
    payload,
    topic_of,
)
from crm.web_push.services import KIND
from crm.web_push.settings import push_keys, test_origin
from crm.web_push.vapid import authorization, origin_of

LEASE = dt.timedelta(minutes=1)
PAUSED_FOR = dt.timedelta(minutes=10)
"""Between looks at an organization that sends nothing for now."""


@dataclass(frozen=True)
class Push:
    """A request to a push service; plain values, for the time without a transaction."""

    notice_id: int
    subscription_id: int
    endpoint: str
    headers: dict[str, str]
    body: bytes


class Result(NamedTuple):
    answer: Answer
    status: int | None = None
    retry_after: float = 0


def send_next(organization_id: int) -> bool:
    """Send the notice that waits longest, if one is due; False if none is."""
    with use_organization(organization_id):
        lease = Lease.take(KIND, LEASE)
        if not lease.ids:
            return False
        push = _decide(lease)
        if push is not None:
            _record(lease, push, _send(push))
        return True


def _decide(lease: Lease) -> Push | None:
    """Return what to send, or settle or put off what is not to be sent now."""
    with transaction() as session:
        held = lease.lock_held()
        notice = session.get(PushNotice, held[0]) if held else None
        if notice is None or not notice.is_waiting:
            due.settle(KIND, held)
            return None
        organization, now = current_organization(), database_now()
        if state := _state_instead(notice, now):
            notice.end(state)
            due.settle(KIND, held)
        elif (until := _hold(notice, organization, now)) > now:
            due.put_off(KIND, held, until)
        elif not _can_be_reached(notice.subscription):
            _forget(notice.subscription_id)
            due.settle(KIND, held)
        else:
            return _push(notice, now)
        return None


def _state_instead(notice: PushNotice, now: dt.datetime) -> NoticeState | None:
    if push_keys() is None or notice.customer.is_archived:
        return NoticeState.DROPPED
    return NoticeState.LATE if notice.expires_at <= now else None


def _hold(notice: PushNotice, organization: Organization, now: dt.datetime) -> dt.datetime:
    """Return until when it waits; now if it doesn't."""
    if organization.sending_paused:
        return now + PAUSED_FOR
    busy = _busy_until.get(origin_of(notice.subscription.endpoint), now)
    zone = clock.zone(organization.time_zone)
    return max(busy, clock.quiet_end(now, zone, organization.quiet_from, organization.quiet_until))


def _can_be_reached(subscription: PushSubscription) -> bool:
    """Whether it was made with the keys of now, for an address that may be called."""
    keys = push_keys()
    return bool(keys and subscription.keys == keys.name and is_push_service(subscription.endpoint, test_origin()))


def _push(notice: PushNotice, now: dt.datetime) -> Push | None:
    keys, subscription = push_keys(), notice.subscription
    if keys is None:
        return None
    rtl = LANGUAGES[notice.language].is_rtl if notice.language in LANGUAGES else False
    tag = notice.topic or f"notice-{notice.id}"
    text = payload(notice.title, notice.body, notice.url, tag, notice.language, is_rtl=rtl)
    lasts = min(notice.expires_at - now, KEPT_BY_SERVICE)
    headers = {
        "Authorization": authorization(keys, subscription.endpoint, now),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(max(int(lasts.total_seconds()), 0)),
        "Urgency": notice.urgency.value,
    }
    if notice.topic:
        headers["Topic"] = topic_of(notice.topic)
    return Push(notice.id, subscription.id, subscription.endpoint, headers, encrypt(text, *subscription.secrets))


def _send(push: Push) -> Result:
    try:
        reply = http.request("POST", push.endpoint, push.headers, push.body)
    except (NoConnectionError, LostError):
        return Result(Answer.LATER)
    return Result(meaning(reply.status), reply.status, reply.retry_after())


def _record(lease: Lease, push: Push, result: Result) -> None:
    with transaction() as session:
        held = lease.lock_held()
        if not held:
            return
        # In the order of `services.notify`: the subscription before its notices.
        found = locked(sa.select(PushSubscription).where(PushSubscription.id == push.subscription_id))
        subscription = session.scalars(found).one_or_none()
        wanted = locked(sa.select(PushNotice).where(PushNotice.id == push.notice_id))
        notice = session.scalars(wanted).one_or_none()
        now = database_now()
        if notice is None or subscription is None or not notice.is_waiting:
            due.settle(KIND, held)
            return
        if result.answer is Answer.GONE:
            due.settle(KIND, held)
            _forget(subscription.id)
            return
        notice.note_try(result.status)
        if result.answer is Answer.LATER and notice.tries < TRIES:
            pause = pause_after(notice.tries, result.retry_after)
            if result.retry_after:
                _busy_until[origin_of(push.endpoint)] = now + pause
            due.put_off(KIND, held, now + pause)
            return
        due.settle(KIND, held)
        if result.answer is Answer.SENT:
            notice.note_sent(now)
            subscription.sent_at = now
        else:
            notice.end(NoticeState.FAILED)


def _forget(subscription_id: int) -> None:
    """Delete a subscription that has ended."""
    subscription = db.session.get_one(PushSubscription, subscription_id)
    record("push.ended", subscription, customer_id=subscription.customer_id)
    db.session.delete(subscription)


_busy_until: dict[str, dt.datetime] = {}
"""Push services that asked this process to wait, by origin."""
