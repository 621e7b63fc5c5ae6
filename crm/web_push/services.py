"""Allow notices on a browser, stop them, and send some: each function is one intent and one transaction."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.kernel import queue
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.kernel.work import due
from crm.values import language
from crm.values.language import gettext as _
from crm.web_push.encoding import encode
from crm.web_push.models import NoticeState, PushNotice, PushSubscription
from crm.web_push.queries import subscriptions_of, told
from crm.web_push.rules import (
    KEPT_BY_SERVICE,
    MAX_BODY,
    MAX_SUBSCRIPTIONS,
    MAX_TITLE,
    Urgency,
    hash_of,
    read_subscription,
    shortened,
)
from crm.web_push.settings import push_keys, test_origin

KIND = "push"
"""Due work: a notice to send."""

EXPIRING = "push points"
"""Due work: an organization whose customers may have points that are about to expire."""

CARD = "/c/card"
"""Where a notice leads: the card, which the phone of whoever gets notices opens."""

ALL_BRANCHES = {"all_branches": True}
"""A notice goes to whom it is for, and not only to those that the member who causes it may see."""


class PushError(SentenceError):
    """The browser gave no subscription that we can send to."""


def subscribe(customer_id: int, endpoint: str, p256dh: str, auth: str) -> PushSubscription:
    """Send the customer's notices to a browser, and to whom it belonged before no more; raises PushError."""
    keys = push_keys()
    try:
        given = read_subscription(endpoint, p256dh, auth, test_origin())
    except ValueError:
        raise PushError(_("This browser can't get notices from here.")) from None
    if keys is None:
        raise PushError(_("This browser can't get notices from here."))
    with transaction() as session:
        customer = lock_customer(customer_id)
        row = _of_endpoint(endpoint)
        if row is not None and row.customer_id == customer.id and row.keys == keys.name:
            row.p256dh, row.auth = encode(given.p256dh), encode(given.auth)
            return row
        if row is not None:
            _remove(row, "push.stopped")
        row = PushSubscription(
            customer_id=customer.id,
            endpoint=endpoint,
            endpoint_hash=hash_of(endpoint),
            p256dh=encode(given.p256dh),
            auth=encode(given.auth),
            keys=keys.name,
        )
        session.add(row)
        record("push.allowed", row, customer_id=customer.id)
        if not due.lock(EXPIRING, [require_organization()]):
            due.put_off(EXPIRING, [require_organization()], database_now())
        for old in session.scalars(subscriptions_of(customer.id)).all()[:-MAX_SUBSCRIPTIONS]:
            _remove(old, "push.ended")
        return row


def unsubscribe(customer_id: int, endpoint: str | None = None) -> int:
    """Send no more notices to one browser, or to any of the customer's; return to how many."""
    with transaction() as session:
        customer = lock_customer(customer_id)
        wanted = locked(subscriptions_of(customer.id))
        if endpoint is not None:
            wanted = wanted.where(PushSubscription.endpoint_hash == hash_of(endpoint))
        rows = session.scalars(wanted).all()
        for row in rows:
            _remove(row, "push.stopped")
        return len(rows)


def notify(
    customer_id: int,
    title: str,
    body: str,
    url: str,
    *,
    topic: str = "",
    once: str | None = None,
    urgency: Urgency = Urgency.NORMAL,
    lasts: dt.timedelta = KEPT_BY_SERVICE,
) -> int:
    """Send a notice to the customer's browsers, within the caller's transaction or in one; return to how many.

    Say it in `language_of` the customer. url: a path of ours. topic: it takes the place of one of the same topic that
    waits. once: a key, so that a browser gets it once. lasts: for how long it is of use.
    """
    keys = push_keys()
    if keys is None:
        return 0
    with transaction() as session:
        found = session.scalars(locked(subscriptions_of(customer_id)), execution_options=ALL_BRANCHES)
        rows = [row for row in found if row.keys == keys.name]
        had = told([row.id for row in rows], once) if once and rows else set()
        rows = [row for row in rows if row.id not in had]
        if not rows:
            return 0
        if topic:
            _drop_earlier([row.id for row in rows], topic)
        now = database_now()
        notices = [
            PushNotice(
                customer_id=customer_id,
                subscription_id=row.id,
                title=shortened(title, MAX_TITLE),
                body=shortened(body, MAX_BODY),
                url=url,
                language=language.code(),
                topic=topic,
                once=once,
                urgency=urgency,
                expires_at=now + lasts,
            )
            for row in rows
        ]
        session.add_all(notices)
        session.flush()
        due.put_off(KIND, [notice.id for notice in notices], now)
        queue.enqueue("crm.web_push.jobs.send_due_in", require_organization())
        return len(notices)


def language_of(customer: Customer) -> str:
    """Return the language that notices to the customer are said in."""
    return language.chosen(customer.language, current_organization().language)


def _of_endpoint(endpoint: str) -> PushSubscription | None:
    found = sa.select(PushSubscription).where(PushSubscription.endpoint_hash == hash_of(endpoint))
    return db.session.scalars(locked(found), execution_options=ALL_BRANCHES).one_or_none()


def _remove(row: PushSubscription, action: str) -> None:
    """Forget a browser with its notices; their due work ends when it is looked at."""
    record(action, row, customer_id=row.customer_id)
    db.session.delete(row)
    db.session.flush()


def _drop_earlier(subscription_ids: list[int], topic: str) -> None:
    # Not their due work: a worker that sends one holds it, and waits for the subscriptions that are locked here.
    waiting = sa.select(PushNotice).where(
        one_of(PushNotice.subscription_id, subscription_ids),
        PushNotice.topic == topic,
        PushNotice.state == NoticeState.WAITING,
    )
    for notice in db.session.scalars(locked(waiting.order_by(PushNotice.id)), execution_options=ALL_BRANCHES):
        notice.end(NoticeState.DROPPED)
