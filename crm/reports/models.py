"""Scores of customers, and how they were computed."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.analytics.rfm import Group
from crm.kernel.columns import Base, Id, TextCode
from crm.kernel.tenancy import TenantMixin, within_organization


class CustomerScore(TenantMixin, Base):
    """A customer who has bought, as of the day of the organization's `ScoreRun`; computed each night.

    A purchase day is a date with an open invoice in the organization's currency. `purchase_days` and `spent` are those
    of the look-back, `days_ever` and `spent_ever` of all time. `r`, `f`, `m` are None below 25 buyers. `months` has a
    bit for each calendar month with a purchase day, bit 0 for `cohort`, the first one, and `back_after` the days until
    the second purchase day. `gap_days` is the median between purchase days, from three on. `comes_back` is the chance
    of a purchase within 90 days in thousandths, `expected` what 12 months bring times the margin, an amount; both None
    where nothing may be foretold.
    """

    __tablename__ = "customer_scores"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "customer_id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_customer_scores_group", "organization_id", "rfm_group", "customer_id"),
        sa.Index("ix_customer_scores_cohort", "organization_id", "cohort", "months", "back_after", "customer_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    last_day: Mapped[dt.date] = mapped_column(sa.Date)
    days_ever: Mapped[int]
    spent_ever: Mapped[int]
    purchase_days: Mapped[int]
    spent: Mapped[int]
    gap_days: Mapped[int | None]
    r: Mapped[int | None]
    f: Mapped[int | None]
    m: Mapped[int | None]
    rfm_group: Mapped[Group | None] = mapped_column(TextCode(Group, 20))
    is_slipping: Mapped[bool]
    cohort: Mapped[str] = mapped_column(sa.String(7))
    months: Mapped[int]
    back_after: Mapped[int | None]
    comes_back: Mapped[int | None]
    expected: Mapped[int | None]


class ReportSettings(TenantMixin, Base):
    """What an organization reports by; one without a row has the defaults.

    look_back_months: how long purchases count for scores. margin: what stays of an amount that is foretold, in percent.
    """

    __tablename__ = "report_settings"
    __table_args__ = (sa.UniqueConstraint("organization_id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    look_back_months: Mapped[int]
    margin: Mapped[int]


class ScoreRun(TenantMixin, Base):
    """The last computation of an organization's scores: `buyers` have bought in the look-back until `as_of`.

    `found` has the cut-offs of scores, the parameters of models and their back-test, as `scoring.py` writes them.
    """

    __tablename__ = "score_runs"
    __table_args__ = (sa.UniqueConstraint("organization_id"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    as_of: Mapped[dt.date] = mapped_column(sa.Date)
    computed_at: Mapped[dt.datetime]
    buyers: Mapped[int]
    found: Mapped[dict[str, Any]]
