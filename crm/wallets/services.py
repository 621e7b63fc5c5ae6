"""Phones that register for newer cards, and cards that are saved at Google: each function is one transaction."""

from __future__ import annotations

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.customers.services import lock_customer
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import record
from crm.kernel.tenancy import require_organization
from crm.kernel.work import due
from crm.wallets.models import WalletCard, WalletDevice
from crm.wallets.queries import serial_for, shown_of

KIND = "wallet"
"""Due work: an organization whose cards at Google are to be looked at."""

MAX_DEVICES = 20
"""Phones of a customer; the oldest one makes room for the next."""


def register(customer: Customer, serial: str, device: str, push_token: str) -> bool:
    """Register a phone for newer ones of a card; False if it was."""
    with transaction() as session:
        owner = lock_customer(customer.id)
        row = session.scalars(locked(_of(serial, device))).one_or_none()
        if row is not None:
            row.push_token = push_token
            return False
        row = WalletDevice(customer_id=owner.id, serial=serial, device=device, push_token=push_token)
        session.add(row)
        record("wallet.added", row, customer_id=owner.id)
        others = sa.select(WalletDevice).where(WalletDevice.customer_id == owner.id).order_by(WalletDevice.id)
        for old in session.scalars(others).all()[:-MAX_DEVICES]:
            session.delete(old)
        return True


def unregister(serial: str, device: str) -> bool:
    """Forget a phone from which a card was removed; False if it was not registered."""
    with transaction() as session:
        row = session.scalars(locked(_of(serial, device))).one_or_none()
        if row is None:
            return False
        record("wallet.removed", row, customer_id=row.customer_id)
        session.delete(row)
        return True


def note_saved(customer_id: int) -> str:
    """Keep a customer's card at Google up to date from now on; return its serial."""
    serial = serial_for(customer_id)
    with transaction() as session:
        customer = lock_customer(customer_id)
        found = sa.select(WalletCard).where(WalletCard.serial == serial)
        if session.scalars(found).one_or_none() is None:
            row = WalletCard(customer_id=customer.id, serial=serial, **shown_of(customer))
            session.add(row)
            record("wallet.saved", row, customer_id=customer.id)
        due.put_off(KIND, [require_organization()], database_now())
    return serial


def _of(serial: str, device: str) -> sa.Select[WalletDevice]:
    return sa.select(WalletDevice).where(WalletDevice.serial == serial, WalletDevice.device == device)
