"""Customers and their search text."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from crm.accounts.models import Branch
from crm.customers.rules import CODE_LENGTH, CONSENTS, MARKETING, Consent, Tier
from crm.kernel.branch_scope import BOUND, seen_by_branch, seen_with
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, UtcDateTime, db_now
from crm.kernel.events import Event
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import TenantMixin, current_actor, within_organization
from crm.values import birthdays, clock, phone
from crm.values.language import LANGUAGES

CONSENT = TextCode(Consent, 10)


class Customer(TenantMixin, Base):
    """A person the organization knows.

    `phone` is E.164 when `phone_valid`, else as typed and never used for matching or sending; `further` are contacts
    besides it and `email`. `next_message_at` is kept by messages; `loyalty_points`, `points_owed`, `tier` by loyalty,
    with `tier_since` and `tier_review_on`, the day on which it changes if nothing more is earned; `total_orders`,
    `total_spent` (an amount) and `last_order_at` by invoices. `created_month` is in the
    organization's zone, as 2026-11. `referral_code` is made when it is first asked for. `merged_into_id` is the
    survivor. Columns with `_key` are folded. `language` is that of messages, "" for the organization's. `birthday` is
    as 02-14, or ""; one that the customers set themselves counts from `birthday_counts_from`.
    Whether they agreed to marketing is said by `marketing_` and the channel; `consent_changes` proves it.
    `visit_days`, the most that there ever were, and `checked_in_at`, the last check-in, are kept by visits.
    """

    __tablename__ = "customers"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("branch_id", "branches"),
        sa.Index(
            "uq_customers_email",
            "organization_id",
            "email",
            unique=True,
            postgresql_where=sa.text("email IS NOT NULL"),
            sqlite_where=sa.text("email IS NOT NULL"),
        ),
        sa.Index("ix_customers_phone", "organization_id", "phone"),
        sa.Index(
            "uq_customers_referral_code",
            "organization_id",
            "referral_code",
            unique=True,
            postgresql_where=sa.text("referral_code IS NOT NULL"),
            sqlite_where=sa.text("referral_code IS NOT NULL"),
        ),
        sa.Index(
            "ix_customers_passport",
            "organization_id",
            "passport_number",
            postgresql_where=sa.text("passport_number <> ''"),
            sqlite_where=sa.text("passport_number <> ''"),
        ),
        # In the order of the list, so that a filter reads only a page.
        sa.Index(
            "ix_customers_branch",
            "organization_id",
            "branch_id",
            "archived_at",
            "next_message_at",
            sa.text("id DESC"),
        ),
        *(
            sa.Index(
                f"ix_customers_{name}",
                "organization_id",
                column,
                "next_message_at",
                sa.text("id DESC"),
                postgresql_where=sa.text("archived_at IS NULL"),
                sqlite_where=sa.text("archived_at IS NULL"),
            )
            for name, column in (
                ("active", "is_active"),
                ("city", "city_key"),
                ("province", "province_key"),
                ("tier", "tier"),
                ("month", "created_month"),
            )
        ),
        *(
            sa.Index(
                f"ix_customers_{name}",
                "organization_id",
                column,
                "is_active",
                "next_message_at",
                sa.text("id DESC"),
                postgresql_where=sa.text("archived_at IS NULL"),
                sqlite_where=sa.text("archived_at IS NULL"),
            )
            for name, column in (("tier_active", "tier"), ("branch_active", "branch_id"))
        ),
        sa.Index(
            "ix_customers_next",
            "organization_id",
            "next_message_at",
            sa.text("id DESC"),
            postgresql_where=sa.text("archived_at IS NULL"),
            sqlite_where=sa.text("archived_at IS NULL"),
        ),
        # With the time, so that results of a search are sorted without reading the rows.
        sa.Index(
            "ix_customers_newest",
            "organization_id",
            "id",
            "next_message_at",
            postgresql_where=sa.text("archived_at IS NULL"),
            sqlite_where=sa.text("archived_at IS NULL"),
        ),
        sa.Index(
            "ix_customers_name",
            "organization_id",
            "name_key",
            "id",
            postgresql_where=sa.text("archived_at IS NULL"),
            sqlite_where=sa.text("archived_at IS NULL"),
        ),
        # Orders of the list and the API, in both directions.
        *(
            sa.Index(
                f"ix_customers_{name}",
                "organization_id",
                column,
                "id",
                postgresql_where=sa.text("archived_at IS NULL"),
                sqlite_where=sa.text("archived_at IS NULL"),
            )
            for name, column in (
                ("points", "loyalty_points"),
                ("orders", "total_orders"),
                ("spent", "total_spent"),
                ("last_order", "last_order_at"),
                ("created", "created_at"),
            )
        ),
        # Few agree to marketing at first, and lists and campaigns ask for them alone.
        *(
            sa.Index(
                f"ix_customers_{column}",
                "organization_id",
                "next_message_at",
                sa.text("id DESC"),
                postgresql_where=sa.text(f"{column} = 'given' AND archived_at IS NULL"),
                sqlite_where=sa.text(f"{column} = 'given' AND archived_at IS NULL"),
            )
            for column in MARKETING
        ),
        sa.Index(
            "ix_customers_birthday",
            "organization_id",
            "birthday",
            "id",
            postgresql_where=sa.text("birthday <> '' AND archived_at IS NULL"),
            sqlite_where=sa.text("birthday <> '' AND archived_at IS NULL"),
        ),
        sa.Index(
            "ix_customers_archived",
            "organization_id",
            "is_active",
            "next_message_at",
            sa.text("id DESC"),
            postgresql_where=sa.text("archived_at IS NOT NULL"),
            sqlite_where=sa.text("archived_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_customers_tier_review",
            "organization_id",
            "tier_review_on",
            postgresql_where=sa.text("tier_review_on IS NOT NULL"),
            sqlite_where=sa.text("tier_review_on IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    branch_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(sa.String(200))
    name_key: Mapped[str] = mapped_column(sa.String(100))
    phone: Mapped[str] = mapped_column(sa.String(60), default="")
    phone_valid: Mapped[bool] = mapped_column(default=False)
    phone_extension: Mapped[str] = mapped_column(sa.String(7), default="", server_default="")
    email: Mapped[str | None] = mapped_column(sa.String(254))
    address: Mapped[str] = mapped_column(sa.Text, default="")
    city: Mapped[str] = mapped_column(sa.String(100), default="")
    city_key: Mapped[str] = mapped_column(sa.String(100), default="")
    province: Mapped[str] = mapped_column(sa.String(100), default="")
    province_key: Mapped[str] = mapped_column(sa.String(100), default="")
    postal_code: Mapped[str] = mapped_column(sa.String(20), default="")
    passport_number: Mapped[str] = mapped_column(sa.String(40), default="")
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    source: Mapped[str] = mapped_column(sa.String(40), default="Manual")
    service_type: Mapped[str] = mapped_column(sa.String(100), default="")
    language: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    birthday: Mapped[str] = mapped_column(sa.String(5), default="", server_default="")
    birth_year: Mapped[int | None]
    birthday_counts_from: Mapped[dt.date | None]
    sms_allowed: Mapped[bool] = mapped_column(default=True)
    whatsapp_allowed: Mapped[bool] = mapped_column(default=True)
    email_allowed: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    marketing_sms: Mapped[Consent] = mapped_column(CONSENT, default=Consent.NOT_ASKED, server_default=Consent.NOT_ASKED)
    marketing_whatsapp: Mapped[Consent] = mapped_column(
        CONSENT, default=Consent.NOT_ASKED, server_default=Consent.NOT_ASKED
    )
    marketing_email: Mapped[Consent] = mapped_column(
        CONSENT, default=Consent.NOT_ASKED, server_default=Consent.NOT_ASKED
    )
    is_active: Mapped[bool] = mapped_column(default=True)
    archived_at: Mapped[dt.datetime | None]
    archived_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    last_activity_at: Mapped[dt.datetime | None]
    merged_into_id: Mapped[int | None]
    erased_at: Mapped[dt.datetime | None]
    next_message_at: Mapped[dt.datetime | None]
    loyalty_points: Mapped[int] = mapped_column(default=0, server_default="0")
    points_owed: Mapped[int] = mapped_column(default=0, server_default="0")
    tier: Mapped[str] = mapped_column(sa.String(10), default=Tier.BRONZE.value, server_default=Tier.BRONZE.value)
    tier_since: Mapped[dt.date | None] = mapped_column(sa.Date)
    tier_review_on: Mapped[dt.date | None] = mapped_column(sa.Date)
    total_orders: Mapped[int] = mapped_column(default=0, server_default="0")
    total_spent: Mapped[int] = mapped_column(default=0, server_default="0")
    last_order_at: Mapped[dt.datetime | None]
    referral_code: Mapped[str | None] = mapped_column(sa.String(CODE_LENGTH))
    visit_days: Mapped[int] = mapped_column(default=0, server_default="0")
    most_visit_days: Mapped[int] = mapped_column(default=0, server_default="0")
    checked_in_at: Mapped[dt.datetime | None]
    created_month: Mapped[str] = mapped_column(sa.String(7), default="", server_default="")
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    branch: Mapped[Branch | None] = relationship(viewonly=True)
    further: Mapped[list[CustomerKey]] = relationship(viewonly=True, order_by="CustomerKey.id")
    parts: Mapped[int | None] = query_expression()

    def has(self, part: str) -> bool:
        """Whether they have any of it (`customer_has` of the manifests); True where that was not asked."""
        return self.parts is None or bool(self.parts >> list(catalog().customer_has).index(part) & 1)

    @property
    def facts(self) -> dict[str, Any]:
        """What other features know of them, where `customers/facts.py` filled it in."""
        found: dict[str, Any] = self.__dict__.setdefault("_facts", {})
        return found

    @property
    def phones(self) -> list[str]:
        return [*filter(None, [self.phone]), *(key.value for key in self.further_phones)]

    @property
    def emails(self) -> list[str]:
        return [*filter(None, [self.email]), *(key.value for key in self.further_emails)]

    @property
    def further_phones(self) -> list[CustomerKey]:
        main = phone.matching(self.phone)
        return [key for key in self.further if key.kind == "phone" and phone.matching(key.value) != main]

    @property
    def further_emails(self) -> list[CustomerKey]:
        return [key for key in self.further if key.kind == "email" and key.value != self.email]

    @property
    def allowed(self) -> list[str]:
        """By what they may be written to, for readers."""
        return [str(label) for name, label in CONSENTS.items() if getattr(self, name)]

    @property
    def full_phone(self) -> str:
        return phone.with_extension(self.phone, self.phone_extension)

    @property
    def language_name(self) -> str:
        return LANGUAGES[self.language].name if self.language in LANGUAGES else ""

    @property
    def full_birthday(self) -> str:
        """As 1990-02-14, or 02-14 without a year."""
        return birthdays.written(self.birthday, self.birth_year)

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def successor_id(self) -> int | None:
        """The id that `access.find` redirects to."""
        return self.merged_into_id

    @property
    def average_order(self) -> int:
        """Counted as `total_spent` and rounded; 0 without orders."""
        return (2 * self.total_spent + self.total_orders) // (2 * self.total_orders) if self.total_orders else 0

    def archive(self) -> bool:
        """Return False when the customer is archived already."""
        if self.is_archived:
            return False
        self.archived_at, self.archived_by_id, self.is_active = clock.utcnow(), current_actor(), False
        return True

    def restore(self) -> bool:
        """Return False when the customer is not archived, merged with another, or erased."""
        if not self.is_archived or self.merged_into_id is not None or self.erased_at is not None:
            return False
        self.archived_at, self.archived_by_id, self.is_active = None, None, True
        return True


class CustomerKey(TenantMixin, Base):
    """A phone, e-mail or passport number besides those in the customer's own fields."""

    __tablename__ = "customer_keys"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "value", "kind", "customer_id", name="uq_customer_keys_value"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_customer_keys_customer", "organization_id", "customer_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(10))
    value: Mapped[str] = mapped_column(sa.String(254))
    extension: Mapped[str] = mapped_column(sa.String(7), default="", server_default="")
    created_at: Mapped[CreatedAt]


class RemovedContact(TenantMixin, Base):
    """A further phone or e-mail that staff removed: no record brings it back."""

    __tablename__ = "removed_contacts"
    __table_args__ = (
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_removed_contacts_customer", "organization_id", "customer_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(10))
    value: Mapped[str] = mapped_column(sa.String(254))
    created_at: Mapped[CreatedAt]


class CustomerSearch(Base):
    """Outside row-level security, because forced security switches trigram indexes off (LIKE is not leakproof).

    Read only for ids of one organization, which are then looked up under row-level security.
    """

    __tablename__ = "customer_search"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            ondelete="CASCADE",
        ),
        sa.Index("ix_customer_search_organization", "organization_id", "customer_id"),
    )

    customer_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInt)
    text: Mapped[str] = mapped_column(sa.Text)


class ReferralCode(Base):
    """Outside row-level security, for a link /r/<code> names no organization; two of them may have the same code."""

    __tablename__ = "referral_codes"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["organization_id", "customer_id"],
            ["customers.organization_id", "customers.id"],
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("organization_id", "code"),
        sa.Index("ix_referral_codes_code", "code"),
    )

    customer_id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    organization_id: Mapped[int] = mapped_column(BigInt)
    code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH))


seen_by_branch(Customer, lambda row: row.branch_id == BOUND)
seen_by_branch(Event, lambda row: seen_with(Customer, row.customer_id))
