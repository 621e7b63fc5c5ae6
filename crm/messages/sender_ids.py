"""Names that providers use for the people of our addresses, learned from their answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.kernel.columns import one_of
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.inbound_models import SenderId


def learn(addresses: Mapping[str, str]) -> None:
    if not addresses:
        return
    with transaction() as session:
        known = {row.name: row for row in session.scalars(sa.select(SenderId).where(_is_named(addresses)))}
        for name, address in sorted(addresses.items()):
            if name in known:
                known[name].address = address
                continue
            try:
                with session.begin_nested():
                    session.add(SenderId(name=name[:150], address=address))
            except IntegrityError:
                continue  # Another request was told the same at once.


def forget(addresses: Iterable[str]) -> None:
    """Delete the names of addresses that have no owner."""
    db.session.execute(sa.delete(SenderId).where(SenderId.address.in_(list(addresses))))


def news(addresses: Mapping[str, str]) -> dict[str, str]:
    """Return names that are new, or known for another address."""
    before = known(addresses)
    return {name: address for name, address in addresses.items() if before.get(name) != address}


def known(names: Iterable[str]) -> dict[str, str]:
    wanted = set(names)
    if not wanted:
        return {}
    return {row.name: row.address for row in db.session.scalars(sa.select(SenderId).where(_is_named(wanted)))}


def _is_named(names: Iterable[str]) -> sa.ColumnElement[bool]:
    return one_of(SenderId.name, list(names))
