"""What is done with many texts of the list of reminders, each list in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from crm.inbox import services
from crm.kernel.columns import one_of
from crm.kernel.db import locked, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.kernel.reminders import Changes, stamp
from crm.messages.inbound_models import InboundMessage
from crm.values.language import gettext as _


def done(ids: Sequence[int]) -> Changes:
    """Mark as done, but for what may mean STOP."""
    undo: dict[int, list[str | None]] = {}
    refused: list[str] = []
    with transaction():
        texts = _lock(ids)
        for text in texts:
            if text.is_done:
                continue
            try:
                undo[text.id] = _state(services.mark_done(text.id))
            except SentenceError as error:
                refused.append(str(error))
        return Changes(undo, len(texts) - len(undo) - len(refused), refused)


def undo_done(undo: Mapping[int, object]) -> int:
    """Mark as unread again where nothing happened since; return the number."""
    with transaction():
        texts = [text.id for text in _lock(undo) if _state(text) == undo[text.id]]
        for id_ in texts:
            services.undo_done(id_)
        return len(texts)


def move(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Refuse: somebody wrote and waits."""
    with transaction():
        return Changes({}, 0, [_("A text can't be moved. Answer it or mark it as done.") for text in _lock(ids)])


def undo_move(undo: Mapping[int, object]) -> int:
    return 0


def _state(text: InboundMessage) -> list[str | None]:
    return [stamp(text.done_at), text.answer]


def _lock(ids: Iterable[int]) -> Sequence[InboundMessage]:
    wanted = sa.select(InboundMessage).where(one_of(InboundMessage.id, sorted(ids)))
    return db.session.scalars(locked(wanted.order_by(InboundMessage.id))).all()
