"""The limit of a WhatsApp portfolio: how many people a business may write to first in a rolling day.

Answers within a customer's own 24 hours don't count. Marketing keeps to nine tenths of it, so that there is room for
reminders; these are never held.

Source: developers.facebook.com/docs/whatsapp/messaging-limits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crm.accounts.models import Organization
from crm.delivery.models import ReachedUser
from crm.delivery.send_policy import Hold
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.kernel.fingerprints import fingerprint
from crm.kernel.tenancy import require_organization
from crm.messages.channels.base import Channel
from crm.messages.models import Message
from crm.messages.rules import day_word
from crm.providers.registry import needs_approval
from crm.values.language import N_
from crm.values.stored import stored

DAY = dt.timedelta(hours=24)
LOOK_LEAST = dt.timedelta(minutes=10)
"""Before a held message is looked at again: thousands may wait for a few places."""
MOST_MOMENTS = 256
_LOCK = 7_204_931
"""With the organization: the advisory lock of those who count."""

FULL = stored(
    N_("WhatsApp lets you write to %(limit)s people in 24 hours, and nearly all are used. It goes when there is room.")
)
BEGINNING = "WhatsApp lets you write to "
"""How the reasons of these begin in the database."""


def user_key(address: str) -> str:
    return fingerprint("reached-user", address)[:40]


def allowed(organization: Organization) -> int:
    """Return how many people marketing may reach in a day, 0 for any number."""
    return organization.whatsapp_limit * 9 // 10


class Portfolio:
    """The people written to in the last day by one channel, as a batch of messages adds to them.

    `users` are the keys of those whom the batch may write to.
    """

    def __init__(self, organization: Organization, channel: Channel, users: Collection[str], now: dt.datetime) -> None:
        self._limit, self._allowed = organization.whatsapp_limit, allowed(organization)
        self._channel, self._users, self._now = channel, users, now
        self._reached: set[str] | None = None
        self._room, self._held = 0, 0
        self._moments: list[dt.datetime] = []
        self._new: set[str] = set()

    def check(self, message: Message, user: str) -> Hold | None:
        """Hold marketing that would reach one more than are allowed; all others take their place."""
        if not self._allowed:
            return None
        reached = self._read()
        if user in reached:
            return None
        if message.is_marketing and self._room < 1:
            self._held += 1
            until = max(self._freed(self._held), self._now + LOOK_LEAST)
            return Hold(until, FULL.english(limit=f"{self._limit:,}"), moves=day_word(message.body) is None)
        self._room -= 1
        reached.add(user)
        return None

    def note(self, user: str) -> None:
        """Count somebody who is about to be written to."""
        self._new.add(user)

    def write(self) -> None:
        if not self._new:
            return
        fixed = {"organization_id": require_organization(), "channel": self._channel, "created_at": self._now}
        connection = db.session.connection()
        rows = [{**fixed, "user_key": user} for user in sorted(self._new)]
        connection.execute(_UPSERT[connection.dialect.name], rows)

    def _read(self) -> set[str]:
        if self._reached is None:
            lately = self._lately()
            found = sa.select(ReachedUser.user_key).where(*lately, one_of(ReachedUser.user_key, self._users))
            self._reached = set(db.session.scalars(found))
            count = sa.select(sa.func.count()).select_from(ReachedUser).where(*lately)
            self._room = self._allowed - db.session.scalars(count).one()
        return self._reached

    def _freed(self, place: int) -> dt.datetime:
        """Return when the n-th place from now on is free."""
        if not self._moments:
            first = sa.select(ReachedUser.created_at).where(*self._lately()).order_by(ReachedUser.created_at)
            over = max(-self._room, 0)
            self._moments = list(db.session.scalars(first.offset(over).limit(MOST_MOMENTS))) or [self._now]
        return self._moments[min(place, len(self._moments)) - 1] + DAY

    def _lately(self) -> tuple[sa.ColumnElement[bool], ...]:
        return ReachedUser.channel == self._channel, ReachedUser.created_at > self._now - DAY


def lock_if_limited(organization: Organization, channels: Iterable[Channel]) -> None:
    """Let one transaction at a time count and add, where a limit is: last of all locks."""
    limited = organization.whatsapp_limit and any(needs_approval(organization, channel) for channel in set(channels))
    # SQLite's transactions write one after the other already.
    if limited and db.engine.dialect.name == "postgresql":
        key = (_LOCK << 32) + require_organization()
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def opens_conversation(message: Message, wrote_at: Mapping[tuple[Channel, int], dt.datetime], now: dt.datetime) -> bool:
    """Whether a message is no answer within the customer's own window."""
    window, at = message.channel.window, wrote_at.get((message.channel, message.customer_id))
    return window is not None and (at is None or now >= at + window)


def _upsert(insert: Any) -> Any:
    statement = insert(ReachedUser.__table__)
    columns = ["organization_id", "channel", "user_key"]
    return statement.on_conflict_do_update(index_elements=columns, set_={"created_at": statement.excluded.created_at})


_UPSERT = {"postgresql": _upsert(postgresql.insert), "sqlite": _upsert(sqlite.insert)}
