"""Changes of opt-outs and stop words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.accounts.queries import current_organization
from crm.customers.consents import Proof
from crm.customers.rules import ConsentSource
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import SentenceError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor
from crm.kernel.work import due
from crm.messages.bookkeeping import KIND, look_at, refresh_next, tell
from crm.messages.channels.base import Addresses, Channel
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.phones import PHONES
from crm.messages.holds import pending_for
from crm.messages.models import Message
from crm.messages.rules import STOPPABLE, Status
from crm.messages.suppression_models import OptOutSource, Purpose, Suppression, listed
from crm.opt_outs import keywords
from crm.opt_outs.consent import give_again, lock_owners, withdraw, withdraw_by
from crm.opt_outs.models import StopWord
from crm.values.language import gettext as _

MOST_WORDS = 50


def add_by_hand(typed: str, note: str, key: RequestKey | None = None) -> Suppression:
    """Opt a typed phone number or e-mail address out; SentenceError if it can't be messaged anyway."""
    addresses: Addresses = EMAILS if "@" in typed else PHONES
    address, problem = addresses.read(typed, current_organization().phone_region)
    if problem:
        raise SentenceError(problem)
    with transaction():
        once = Once(key)
        if once.earlier is not None:
            return once.found(Suppression)
        suppression = put_on(address, addresses, OptOutSource.STAFF, note)
        once.made(suppression.id)
        return suppression


def put_on(address: str, addresses: Addresses, source: OptOutSource, note: str = "") -> Suppression:
    """Opt a valid address out of all messages and stop its pending ones; a source of staff replaces others."""
    with transaction():
        ids = pending_for(address, addresses)
        due.lock(KIND, ids)
        messages = _locked_stoppable(ids)
        owners = lock_owners(address, addresses, messages)
        suppression = note_down(address, addresses, source, note)
        _stop(messages, suppression)
        withdraw_by(source, owners, address, addresses, note)
        return suppression


def note_down(
    address: str, addresses: Addresses, source: OptOutSource, note: str = "", purpose: Purpose = Purpose.ALL
) -> Suppression:
    """Write an opt-out in a transaction with other locks; `stop_pending` follows.

    One of marketing becomes one of all messages, never the other way round.
    """
    found = _on_list(address, addresses)
    if found is None:
        found = Suppression(
            kind=addresses.kind,
            address=address,
            source=source,
            purpose=purpose,
            note=note[:200],
            created_by_id=current_actor(),
        )
        try:
            with db.session.begin_nested():
                db.session.add(found)
        except IntegrityError:
            found = _on_list(address, addresses)
            if found is None:
                raise
        else:
            _tell_of(found, "suppression.added", {_field(found): [None, address], "source": [None, found.source]})
            return found
    is_stricter = purpose is Purpose.ALL and found.purpose is not purpose
    if is_stricter:
        found.purpose = purpose
    if _tells_more(source, found.source, is_stricter=is_stricter):
        before, found.source, found.note = found.source, source, note[:200]
        found.created_by_id = current_actor()
        _tell_of(found, "suppression.changed", {"source": [before, found.source]})
    return found


def _tells_more(source: OptOutSource, before: OptOutSource, *, is_stricter: bool) -> bool:
    """Whether a source replaces the one before: mail that came back ends by itself, so it hides nothing else."""
    if OptOutSource.SOFT_BOUNCE in (source, before):
        return source is not before and before is OptOutSource.SOFT_BOUNCE
    return is_stricter or (source is OptOutSource.STAFF and before is not source)


def stop_pending(written: Iterable[tuple[str, Addresses]]) -> None:
    """Stop pending messages to addresses from `note_down`."""
    for address, addresses in sorted(set(written), key=lambda one: one[0]):
        with transaction():
            ids = pending_for(address, addresses)
            due.lock(KIND, ids)
            messages = _locked_stoppable(ids)
            owners = lock_owners(address, addresses, messages)
            suppression = _on_list(address, addresses)
            if suppression is not None:
                of_all = suppression.purpose is Purpose.ALL
                _stop([message for message in messages if of_all or message.is_marketing], suppression)
                withdraw_by(suppression.source, owners, address, addresses, suppression.note)


def is_on(address: str, addresses: Addresses) -> bool:
    return _on_list(address, addresses) is not None


def take_off(suppression_id: int) -> str:
    """Remove an opt-out and return its address for readers; stopped messages stay stopped."""
    with transaction() as session:
        found = session.scalars(sa.select(Suppression).where(Suppression.id == suppression_id)).one()
        shown = found.shown
        for suppression in _all_on_list(found.address, found.addresses):
            _remove(suppression)
        return shown


def let_back(address: str, addresses: Addresses, channel: Channel | None = None) -> bool:
    """Remove the opt-out of an address that opted in by a channel; False for none, or one by staff."""
    with transaction():
        owners = lock_owners(address, addresses)
        found = _all_on_list(address, addresses)
        if not found or any(row.source is OptOutSource.STAFF for row in found):
            return False
        for suppression in found:
            _remove(suppression)
        if channel is not None:
            give_again(owners, channel, Proof(ConsentSource.START, address=address))
        return True


def lift_soft(address: str, addresses: Addresses) -> None:
    """Remove the opt-out of an address whose mail came back, for it arrives again; in a transaction of the caller."""
    for suppression in _all_on_list(address, addresses):
        if suppression.source is OptOutSource.SOFT_BOUNCE:
            _remove(suppression)


def withdraw_marketing(address: str, channel: Channel, told: str) -> None:
    """Withdraw what an address's customers agreed to by one channel, as the provider says."""
    with transaction():
        owners = lock_owners(address, channel.addresses)
        withdraw(owners, [channel], Proof(ConsentSource.PROVIDER, told, address))


def resume_marketing(address: str, channel: Channel, told: str) -> None:
    """Give again what they had withdrawn themselves, as the provider says."""
    with transaction():
        owners = lock_owners(address, channel.addresses)
        give_again(owners, channel, Proof(ConsentSource.PROVIDER, told, address))


def set_stop_words(typed: Sequence[str]) -> list[str]:
    """Replace the organization's stop words; return their compared forms. Raises SentenceError."""
    wanted = keywords.own_words(typed)
    if len(wanted) > MOST_WORDS:
        raise SentenceError(_("Keep at most %(most)s words.", most=MOST_WORDS))
    with transaction() as session:
        there = {row.word: row for row in session.scalars(sa.select(StopWord))}
        for word in there.keys() - set(wanted):
            session.delete(there[word])
        session.add_all([StopWord(word=word) for word in wanted if word not in there])
        if sorted(there) != wanted:
            changes = {"stop_words": [", ".join(sorted(there)), ", ".join(wanted)]}
            record("organization.changed", current_organization(), changes=changes)
        return wanted


def stop_words() -> list[str]:
    return list(db.session.scalars(sa.select(StopWord.word).order_by(StopWord.word)))


def _on_list(address: str, addresses: Addresses) -> Suppression | None:
    return next(iter(_all_on_list(address, addresses)), None)


def _all_on_list(address: str, addresses: Addresses) -> Sequence[Suppression]:
    """Return the opt-outs of all spellings of an address."""
    statement = sa.select(Suppression).where(
        one_of(Suppression.address, listed(addresses.spellings(address))), Suppression.kind == addresses.kind
    )
    return db.session.scalars(locked(statement.order_by(Suppression.id))).all()


def _locked_stoppable(ids: list[int]) -> Sequence[Message]:
    """Lock messages; `lock_owners` follows, and then rows of opt-outs."""
    statement = sa.select(Message).where(Message.id.in_(ids), Message.status.in_(STOPPABLE)).order_by(Message.id)
    return db.session.scalars(locked(statement)).all()


def _stop(messages: Sequence[Message], suppression: Suppression) -> None:
    now = database_now()
    for message in messages:
        message.turn(Status.SUPPRESSED, now, suppression.reason)
        tell("message.suppressed", message)
    look_at({message.id: None for message in messages})
    refresh_next({message.customer_id for message in messages})


def _remove(suppression: Suppression) -> None:
    gone: dict[str, Any] = {_field(suppression): [suppression.address, None], "source": [suppression.source, None]}
    _tell_of(suppression, "suppression.removed", gone)
    db.session.delete(suppression)


def _field(suppression: Suppression) -> str:
    """Return what an event calls the address, so that an erasure finds it there."""
    return suppression.addresses.contact_field or "phone"


def _tell_of(suppression: Suppression, action: str, changes: dict[str, Any]) -> None:
    """Record an event for each customer with the address, or one without a customer."""
    for customer_id in suppression.addresses.owners(suppression.address) or (None,):
        record(action, suppression, customer_id=customer_id, changes=changes)
