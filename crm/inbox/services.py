"""Decisions about inbound texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.messages import holds
from crm.messages.inbound_models import InboundMessage, StopAnswer
from crm.messages.suppression_models import OptOutSource
from crm.opt_outs import services
from crm.opt_outs.keywords import LONGEST, normalized
from crm.values.language import gettext as _


def mark_done(text_id: int) -> InboundMessage:
    """Mark as done; ConflictError while it may mean STOP."""
    with transaction():
        text = _lock(text_id)
        for error in mark_each_done([text]).refused:
            raise error
        return text


def undo_done(text_id: int) -> InboundMessage:
    with transaction():
        text = _lock(text_id)
        undo_each_done([text])
        return text


class Marked(NamedTuple):
    changed: Sequence[InboundMessage]
    refused: Sequence[ConflictError]


def mark_each_done(texts: Iterable[InboundMessage]) -> Marked:
    """Mark locked texts as done, but for those that may mean STOP."""
    changed: list[InboundMessage] = []
    refused: list[ConflictError] = []
    with transaction():
        now = database_now()
        for text in texts:
            try:
                if text.mark_done(current_actor(), now):
                    changed.append(text)
            except ConflictError as error:
                refused.append(error)
        _tell("inbound.done", changed)
        return Marked(changed, refused)


def undo_each_done(texts: Iterable[InboundMessage]) -> int:
    """Mark locked texts as unread; return how many were done."""
    with transaction():
        changed = [text for text in texts if text.undo_done()]
        _tell("inbound.undone", changed)
        return len(changed)


def lock_texts(ids: Iterable[int]) -> Sequence[InboundMessage]:
    wanted = sa.select(InboundMessage).where(one_of(InboundMessage.id, sorted(ids)))
    return db.session.scalars(locked(wanted.order_by(InboundMessage.id))).all()


def opt_out(text_id: int) -> InboundMessage:
    """Treat a text as STOP. ConflictError if its address can't be messaged."""
    with transaction():
        text = _read(text_id)
        if not text.has_address:
            raise ConflictError(
                _("This text came without a number. Switch messages off on the customer's page instead.")
            )
        # It locks messages, which come before the text in the order of locks.
        services.put_on(text.sender, text.channel.addresses, OptOutSource.STOP, normalized(text.body)[:LONGEST])
        _answer(text_id, StopAnswer.OPT_OUT)
        return text


def go_on(text_id: int) -> InboundMessage:
    """Treat a text and earlier ones as no STOP: held messages go out.

    Later texts stay undecided, and hold. ConflictError after an opt-out, and for a text that is not undecided.
    """
    with transaction():
        text = _read(text_id)
        if text.has_address and services.is_on(text.sender, text.channel.addresses):
            raise ConflictError(
                _("This sender has opted out. A manager can allow messages again under Opt-outs in the settings.")
            )
        if text.answer == StopAnswer.GO_ON:
            return text
        if not text.is_asking:
            raise ConflictError(_("This text has been answered. Reload the inbox."))
        if text.has_address:
            holds.let_go(text.sender, text.channel.addresses, text_id)
        _answer(text_id, StopAnswer.GO_ON)
        return text


def _answer(text_id: int, answer: StopAnswer) -> None:
    text = _lock(text_id)
    if text.has_address:
        up_to = None if answer is StopAnswer.OPT_OUT else text_id
        holds.answer_all(text.sender, text.channel.addresses, answer, up_to)
    text.answer_with(answer, current_actor(), database_now())
    _tell(f"inbound.{answer.value}", [text])


def _read(text_id: int) -> InboundMessage:
    return _found(sa.select(InboundMessage).where(InboundMessage.id == text_id))


def _lock(text_id: int) -> InboundMessage:
    return _found(locked(sa.select(InboundMessage).where(InboundMessage.id == text_id)))


def _found(statement: sa.Select[InboundMessage]) -> InboundMessage:
    text = db.session.scalars(statement).one_or_none()
    if text is None:
        raise ConflictError(_("This text was deleted."))
    return text


def _tell(action: str, texts: Iterable[InboundMessage]) -> None:
    by_kind: dict[str, list[InboundMessage]] = {}
    for text in texts:
        if text.sender:
            by_kind.setdefault(text.channel.addresses.kind, []).append(text)
    for of_kind in by_kind.values():
        owners = of_kind[0].channel.addresses.owners_of_each({text.sender for text in of_kind})
        for text in of_kind:
            for customer_id in owners[text.sender]:
                record(action, text, customer_id=customer_id)
