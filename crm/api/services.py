"""Idempotent requests: an answer is kept for a day."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from crm.api.models import GivenAnswer
from crm.kernel.columns import db_ago
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.kernel.idempotency import KeyReusedError, RequestKey
from crm.kernel.tenancy import current_actor, require_organization

KEPT_FOR = dt.timedelta(hours=24)
MAX_CLEARED = 100


class StoredAnswer(NamedTuple):
    status: int
    body: str


def answer_once(key: RequestKey, make: Callable[[], StoredAnswer]) -> StoredAnswer:
    """Return what `make` answers, or its kept answer to the same request.

    The work and its answer are one transaction. Raises KeyReusedError for other content, and ConflictError while the
    first request is running; a failed request leaves nothing behind.
    """
    with transaction():
        _claim(key)
        _clear()
        earlier = db.session.scalar(
            sa.select(GivenAnswer).where(GivenAnswer.user_id == current_actor(), GivenAnswer.key == key.key)
        )
        if earlier is not None:
            if earlier.fingerprint != key.fingerprint:
                raise KeyReusedError
            return StoredAnswer(earlier.status, earlier.body)
        answer = make()
        db.session.add(
            GivenAnswer(user_id=current_actor(), key=key.key, fingerprint=key.fingerprint, **answer._asdict())
        )
        return answer


def _claim(key: RequestKey) -> None:
    """Exclude others with the same key until the end of the transaction; SQLite serializes them anyway."""
    if db.engine.dialect.name != "postgresql":
        return
    name = f"{require_organization()} {current_actor()} {key.key}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    if not db.session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        raise ConflictError("The request with this Idempotency-Key is still under way. Send it again in a moment.")


def _clear() -> None:
    old = (
        sa.select(GivenAnswer.id)
        .where(GivenAnswer.created_at < db_ago(KEPT_FOR))
        .limit(MAX_CLEARED)
        .with_for_update(skip_locked=True)
    )
    db.session.execute(
        sa.delete(GivenAnswer).where(GivenAnswer.id.in_(old)), execution_options={"synchronize_session": False}
    )
