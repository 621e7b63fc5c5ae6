"""By which names WhatsApp knows the people of our numbers: what it told when we wrote to them, to know them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.kernel.columns import one_of
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.records import WhatsappId


def learn(phones: Mapping[str, str]) -> None:
    """Remember phone numbers by the names that WhatsApp has for their people."""
    if not phones:
        return
    with transaction() as session:
        known = {row.name: row for row in session.scalars(sa.select(WhatsappId).where(_is_named(phones)))}
        for name, phone in sorted(phones.items()):
            if name in known:
                known[name].phone = phone
                continue
            try:
                with session.begin_nested():
                    session.add(WhatsappId(name=name[:150], phone=phone))
            except IntegrityError:
                continue  # Another request was told the same at once.


def forget(phones: Iterable[str]) -> None:
    """Delete the names by which WhatsApp knows the people of numbers that are nobody's any more."""
    db.session.execute(sa.delete(WhatsappId).where(WhatsappId.phone.in_(list(phones))))


def news(phones: Mapping[str, str]) -> dict[str, str]:
    """Return those of the names that are not known, or known for another number."""
    before = known(phones)
    return {name: phone for name, phone in phones.items() if before.get(name) != phone}


def known(names: Iterable[str]) -> dict[str, str]:
    """Return the phone numbers of the names that are known."""
    wanted = set(names)
    if not wanted:
        return {}
    return {row.name: row.phone for row in db.session.scalars(sa.select(WhatsappId).where(_is_named(wanted)))}


def _is_named(names: Iterable[str]) -> sa.ColumnElement[bool]:
    return one_of(WhatsappId.name, list(names))
