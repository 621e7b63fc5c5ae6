"""Tokens that count once."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.kernel.columns import db_ago
from crm.kernel.db import transaction
from crm.providers.webhook import ForgedError, UnknownError
from crm.webhooks.models import SpentToken

KEPT = dt.timedelta(hours=1)
"""Longer than a signed time is good for."""


@contextlib.contextmanager
def spending(provider: str, token: str) -> Iterator[None]:
    """Let a token count for what is done within, once; ForgedError for one that did. What fails may be sent again."""
    key = hashlib.sha256(f"{provider}\0{token}".encode()).hexdigest()
    _spend(key)
    try:
        yield
    except (ForgedError, UnknownError, ValueError):
        raise
    except BaseException:
        with transaction() as session:
            session.execute(sa.delete(SpentToken).where(SpentToken.token == key))
        raise


def _spend(key: str) -> None:
    try:
        with transaction() as session:
            session.execute(sa.delete(SpentToken).where(SpentToken.created_at < db_ago(KEPT)))
            session.add(SpentToken(token=key))
    except IntegrityError:
        raise ForgedError from None
