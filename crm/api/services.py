"""Requests with an Idempotency-Key: what they did is done once, and the answer is given again for a day."""

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
CLEARED_AT_ONCE = 100


class Answer(NamedTuple):
    """A status and the text of a body."""

    status: int
    body: str


def answer_once(key: RequestKey, make: Callable[[], Answer]) -> Answer:
    """Return what `make` answers, or what it answered before to the same request.

    All that it does is in one transaction with the answer. Raises KeyReusedError for other content, and ConflictError
    while the first request is under way; one that fails leaves nothing, and the key is as good as new.
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
            return Answer(earlier.status, earlier.body)
        answer = make()
        db.session.add(
            GivenAnswer(user_id=current_actor(), key=key.key, fingerprint=key.fingerprint, **answer._asdict())
        )
        return answer


def _claim(key: RequestKey) -> None:
    """Keep others with the same key out until the end of the transaction; on SQLite they wait for it anyway."""
    if db.engine.dialect.name != "postgresql":
        return
    name = f"{require_organization()} {current_actor()} {key.key}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    if not db.session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        raise ConflictError("The request with this Idempotency-Key is still under way. Send it again in a moment.")


def _clear() -> None:
    """Forget a few of the answers that nobody asks for any more."""
    old = (
        sa.select(GivenAnswer.id)
        .where(GivenAnswer.created_at < db_ago(KEPT_FOR))
        .limit(CLEARED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    db.session.execute(
        sa.delete(GivenAnswer).where(GivenAnswer.id.in_(old)), execution_options={"synchronize_session": False}
    )
