"""Leases: due work of one worker for a while; after a crash it is due again at the end."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from crm.kernel.db import database_now, transaction
from crm.kernel.work import due


@dataclass(slots=True)
class Lease:
    """Subjects of due work of the current organization, this worker's until `until` by the database's clock.

    The end also proves who holds it: it stands on the list of due work as the subject's moment, and the next lease
    ends later. Whatever plans a subject anew, or takes it off the list, ends its lease. `token` names what the holder
    makes, so that nobody else makes something of the same name.
    """

    kind: str
    ids: list[int]
    until: dt.datetime
    token: str = field(default_factory=lambda: secrets.token_hex(16))

    @classmethod
    def take(cls, kind: str, length: dt.timedelta, limit: int = 1, *, among: Iterable[int] | None = None) -> Lease:
        """Lease up to `limit` due subjects, oldest first; `among` restricts them."""
        with transaction():
            lease = cls(kind, due.lock_due(kind, limit, among), _end(length))
            due.put_off(kind, lease.ids, lease.until)
            return lease

    def lock_held(self) -> list[int]:
        """Lock and return the subjects still leased."""
        return [id_ for id_, due_at in due.lock(self.kind, self.ids).items() if due_at == self.until]

    def renew(self, length: dt.timedelta) -> bool:
        """Extend the lease by `length` from now; False if nothing is left."""
        with transaction():
            self.ids, self.until = self.lock_held(), _end(length)
            due.put_off(self.kind, self.ids, self.until)
            return bool(self.ids)

    def give_back(self, pause: dt.timedelta = dt.timedelta(0)) -> None:
        """Release the subjects, due again after `pause`."""
        with transaction():
            due.put_off(self.kind, self.lock_held(), database_now() + pause)

    def end(self) -> None:
        """Take the finished subjects off the list."""
        with transaction():
            due.settle(self.kind, self.lock_held())


def _end(length: dt.timedelta) -> dt.datetime:
    # SQLite's clock has milliseconds: two leases that begin in the same one are to end at different moments.
    return database_now() + length + dt.timedelta(microseconds=secrets.randbelow(1_000))
