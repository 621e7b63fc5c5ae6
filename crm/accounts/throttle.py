"""Limit the guessing of passwords and links; counted by the database's clock, which all processes share."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.models import SignInFailure
from crm.accounts.rules import account_key, network_of
from crm.kernel.columns import db_ago, db_now
from crm.kernel.db import transaction
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.values.language import ngettext

WINDOW = dt.timedelta(minutes=5)
FAILURES_PER_ACCOUNT_AND_ADDRESS = 10
FAILURES_PER_ADDRESS = 50
FAILURES_PER_ACCOUNT = 100
FAILURES_PER_DEVICE = 10
WRONG_LINKS_PER_ADDRESS = 20
WRONG_CODES, CODES_WITHIN = 10, dt.timedelta(minutes=1)
"""Of one who is signed in, typed at the counter."""

PASSWORDS, LINKS = "wrong passwords", "wrong links or codes"

log = logging.getLogger(__name__)


class ThrottledError(SentenceError):
    def __init__(self, seconds: int, what: str) -> None:
        minutes = math.ceil(seconds / 60)
        super().__init__(_sentence(what, minutes))
        self.seconds = seconds


class _Limit(NamedTuple):
    failures: int
    condition: sa.ColumnElement[bool]
    within: dt.timedelta = WINDOW


def count_sign_in(username: str, address: str, device: str) -> None:
    """Count an attempt as failed from its beginning; beyond a limit raise ThrottledError and count nothing.

    `device` names a browser in which this account signed in before, or is "". Failures from many addresses don't lock
    it out; it has a limit of its own, for its cookie may be stolen.
    """
    account, network = account_key(username), network_of(address)
    by_account, by_network = SignInFailure.account == account, SignInFailure.address == network
    limits = [
        _Limit(FAILURES_PER_ACCOUNT_AND_ADDRESS, sa.and_(by_account, by_network)),
        _Limit(FAILURES_PER_ADDRESS, by_network),
    ]
    rows = [(account, network)]
    if device:
        rows.append((_device_key(account, device), _DEVICE))
        limits.append(_Limit(FAILURES_PER_DEVICE, SignInFailure.account == rows[-1][0]))
    else:
        limits.append(_Limit(FAILURES_PER_ACCOUNT, by_account))
    _count(rows, limits, PASSWORDS)


def forgive_sign_in(username: str, address: str, device: str) -> None:
    account = account_key(username)
    of_device = SignInFailure.account == _device_key(account, device)
    with transaction() as session:
        session.execute(
            sa.delete(SignInFailure).where(
                sa.or_(
                    sa.and_(SignInFailure.account == account, SignInFailure.address == network_of(address)), of_device
                )
            )
        )


def count_wrong_link(kind: str, address: str) -> None:
    """Count a wrong link or code of this kind; raises ThrottledError beyond the limit of an address."""
    network = _network_for(kind, address)
    limits = [_Limit(WRONG_LINKS_PER_ADDRESS, SignInFailure.address == network)]
    _count([(account_key(kind), network)], limits, LINKS)


def forgive_links(kind: str, address: str) -> None:
    with transaction() as session:
        session.execute(sa.delete(SignInFailure).where(SignInFailure.address == _network_for(kind, address)))


def check_codes(who: str) -> None:
    """Raise ThrottledError while somebody has typed too many wrong codes; a right one doesn't help then."""
    seconds = _seconds_to_wait(_of_codes(who, WRONG_CODES - 1))
    if seconds:
        raise ThrottledError(seconds, LINKS)


def count_wrong_code(who: str) -> None:
    """Count a wrong code; raises ThrottledError beyond the limit, also for one of many at the same moment."""
    _count([(account_key(who), who[:45])], [_of_codes(who, WRONG_CODES)], LINKS)


def _of_codes(who: str, failures: int) -> _Limit:
    return _Limit(failures, SignInFailure.address == who[:45], CODES_WITHIN)


def _count(rows: Sequence[tuple[str, str]], limits: Sequence[_Limit], what: str) -> None:
    with transaction() as session:
        session.execute(sa.delete(SignInFailure).where(SignInFailure.at <= db_ago(WINDOW)))
        attempts = [SignInFailure(account=account, address=address) for account, address in rows]
        session.add_all(attempts)
        session.flush()
        ids = [attempt.id for attempt in attempts]
    seconds = max(map(_seconds_to_wait, limits))
    if seconds:
        with transaction() as session:
            session.execute(sa.delete(SignInFailure).where(SignInFailure.id.in_(ids)))
        account, address = rows[0]
        log.warning("throttled, %s: account %s from %s", what, account[:12], address)
        raise ThrottledError(seconds, what)


def _seconds_to_wait(limit: _Limit) -> int:
    # The attempt itself is counted too: the row after the newest `limit.failures` says when the limit ends.
    row: Any = db.session.execute(
        sa.select(SignInFailure.at, db_now())
        .where(limit.condition, SignInFailure.at > db_ago(limit.within))
        .order_by(SignInFailure.at.desc())
        .offset(limit.failures)
        .limit(1)
    ).first()
    return max(1, math.ceil((row[0] + limit.within - row[1]).total_seconds())) if row else 0


def _sentence(what: str, minutes: int) -> str:
    if what == PASSWORDS:
        return ngettext(
            "Too many wrong passwords. Wait %(num)s minute, then try again.",
            "Too many wrong passwords. Wait %(num)s minutes, then try again.",
            minutes,
        )
    return ngettext(
        "Too many wrong links or codes. Wait %(num)s minute, then try again.",
        "Too many wrong links or codes. Wait %(num)s minutes, then try again.",
        minutes,
    )


def _network_for(kind: str, address: str) -> str:
    """Links are counted apart from sign-ins: a mistyped link locks nobody out."""
    return f"{kind}:{network_of(address)}"[:45]


def _device_key(account: str, device: str) -> str:
    return hashlib.sha256(f"{account} {device}".encode()).hexdigest()


_DEVICE = "a known device"
