"""Phones that ask for newer passes, and cards that Google keeps."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.customers.models import Customer
from crm.kernel.columns import Base, CreatedAt, Id
from crm.kernel.tenancy import TenantMixin, within_organization

SERIAL, DEVICE, PUSH_TOKEN = 60, 100, 200
"""Characters."""


class WalletDevice(TenantMixin, Base):
    """A phone that has a card in Apple Wallet and registered for newer ones.

    serial: of the card, which names the customer as it was when the card was made; `customer_id` follows merges.
    """

    __tablename__ = "wallet_devices"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "device", "serial"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_wallet_devices_customer", "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    device: Mapped[str] = mapped_column(sa.String(DEVICE))
    serial: Mapped[str] = mapped_column(sa.String(SERIAL))
    push_token: Mapped[str] = mapped_column(sa.String(PUSH_TOKEN))
    created_at: Mapped[CreatedAt]


class WalletCard(TenantMixin, Base):
    """A card that a customer saved in Google Wallet, with what it shows there, so that changes are found.

    checked_at: when Google last took a change, or said that nobody saved the card.
    """

    __tablename__ = "wallet_cards"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "serial"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_wallet_cards_customer", "organization_id", "customer_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    serial: Mapped[str] = mapped_column(sa.String(SERIAL))
    points: Mapped[int]
    tier: Mapped[str] = mapped_column(sa.String(10))
    code: Mapped[str] = mapped_column(sa.String(16))
    is_voided: Mapped[bool] = mapped_column(default=False)
    checked_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]

    customer: Mapped[Customer] = relationship(viewonly=True)
