"""Tell Google what changed on the cards that customers saved there, without an open transaction."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import current_app

from crm.kernel.db import database_now, transaction
from crm.kernel.tenancy import use_organization
from crm.kernel.work.lease import Lease
from crm.providers import http
from crm.providers.http import LostError, NoConnectionError, Reply
from crm.values import clock
from crm.wallets import google
from crm.wallets.google import Account
from crm.wallets.models import WalletCard
from crm.wallets.queries import card_of, changed_cards, has_cards, shown_of
from crm.wallets.services import KIND
from crm.wallets.settings import wallets

LEASE = dt.timedelta(minutes=2)
EVERY = dt.timedelta(minutes=1)
AFTER_FAILURE = dt.timedelta(minutes=10)
BATCH = 20

UNSAVED_FOR = dt.timedelta(days=7)
"""A card that Google doesn't know so long after its link was asked for was never saved."""

log = logging.getLogger(__name__)


class Change(NamedTuple):
    """What is sent, and what the card shows once Google took it."""

    card_id: int
    object_id: str
    body: bytes
    shown: dict[str, Any]


def sync_next(organization_id: int) -> bool:
    """Tell Google of some changes; False when there are none, or Google can't be told."""
    with use_organization(organization_id):
        lease = Lease.take(KIND, LEASE)
        if not lease.ids:
            return False
        account = wallets().google
        changes = _changes(account) if account else []
        if account is None or not changes:
            if has_cards():
                lease.give_back(EVERY if account else dt.timedelta(hours=1))
            else:
                lease.end()
            return False
        for change in changes:
            if not lease.renew(LEASE):
                return False
            if not _tell(account, change):
                lease.give_back(AFTER_FAILURE)
                return False
        lease.give_back()
        return True


def _changes(account: Account) -> list[Change]:
    found = []
    with transaction():
        for row in changed_cards(BATCH):
            card = card_of(row.customer, row.serial)
            body = json.dumps(google.changes_of(card), ensure_ascii=False).encode()
            found.append(Change(row.id, google.object_id(card, account), body, shown_of(row.customer)))
    return found


def _tell(account: Account, change: Change) -> bool:
    """Send a change; False where the next one would fail as well."""
    try:
        reply = _patch(account, change)
    except (NoConnectionError, LostError, ValueError, KeyError) as error:
        log.warning("Google Wallet is away: %s", error)
        return False
    if reply.status in (401, 403, 429) or reply.status >= 500:
        log.warning("Google Wallet answered %d", reply.status)
        return False
    if reply.status not in (200, 404):
        log.warning("Google Wallet took no change of card %d: %d", change.card_id, reply.status)
    with transaction() as session:
        row, now = session.get(WalletCard, change.card_id), database_now()
        if row is None:
            return True
        if reply.status == 404 and row.created_at < now - UNSAVED_FOR:
            session.delete(row)
            return True
        for name, value in change.shown.items():
            setattr(row, name, value)
        row.checked_at = now
    return True


def _patch(account: Account, change: Change) -> Reply:
    base = current_app.config["GOOGLE_WALLET_TEST_ORIGIN"] or google.API
    url = f"{base}/walletobjects/v1/loyaltyObject/{change.object_id}"
    headers = {"Authorization": f"Bearer {_access(account)}", "Content-Type": "application/json"}
    reply = http.request("PATCH", url, headers, change.body)
    if reply.status == 401:
        _tokens.pop(account.email, None)
    return reply


def _access(account: Account) -> str:
    token, until = _tokens.get(account.email, ("", 0.0))
    if time.monotonic() < until:
        return token
    origin = current_app.config["GOOGLE_WALLET_TEST_ORIGIN"]
    url = f"{origin}/token" if origin else google.TOKEN
    form = {"grant_type": google.GRANT, "assertion": google.assertion(account, clock.utcnow())}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    said = http.request("POST", url, headers, urlencode(form).encode()).json()
    _tokens[account.email] = said["access_token"], time.monotonic() + float(said.get("expires_in") or 0) - 60
    return _tokens[account.email][0]


_tokens: dict[str, tuple[str, float]] = {}
"""Access tokens by account, with when they end by the process's own clock."""
