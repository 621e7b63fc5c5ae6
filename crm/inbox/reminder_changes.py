"""What is done with many texts of the list of reminders, each list in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from crm.inbox import services
from crm.kernel.db import transaction
from crm.kernel.reminders import Changes, stamp
from crm.messages.inbound_models import InboundMessage
from crm.values.language import gettext as _


def done(ids: Sequence[int]) -> Changes:
    """Mark as done, but for what may mean STOP."""
    with transaction():
        texts = services.lock_texts(ids)
        marked = services.mark_each_done(texts)
        undo = {text.id: _state(text) for text in marked.changed}
        refused = [str(error) for error in marked.refused]
        return Changes(undo, len(texts) - len(undo) - len(refused), refused)


def undo_done(undo: Mapping[int, object]) -> int:
    """Mark as unread again where nothing happened since; return the number."""
    with transaction():
        return services.undo_each_done([text for text in services.lock_texts(undo) if _state(text) == undo[text.id]])


def move(ids: Sequence[int], to: dt.datetime) -> Changes:
    """Refuse: somebody wrote and waits."""
    with transaction():
        refused = [_("A text can't be moved. Answer it or mark it as done.")] * len(services.lock_texts(ids))
        return Changes({}, 0, refused)


def undo_move(undo: Mapping[int, object]) -> int:
    return 0


def _state(text: InboundMessage) -> list[str | None]:
    return [stamp(text.done_at), text.answer]
