"""Leads, their follow-ups, and their loan commitments."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import Branch, User
from crm.customers.models import Customer
from crm.intake.sources import SourceMixin
from crm.kernel.branch_scope import BOUND, seen_by_branch
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, UtcDateTime, db_now
from crm.kernel.events import Event
from crm.kernel.tenancy import TenantMixin, current_actor, within_organization
from crm.values import clock
from crm.values.language import N_


class LeadStatus(enum.StrEnum):
    NEW = "new"
    CONTACTED = "contacted"
    CONVERTED = "converted"
    LOST = "lost"

    @property
    def label(self) -> str:
        return _STATUS_LABELS[self]

    @property
    def tone(self) -> str:
        return {"new": "accent", "contacted": "neutral", "converted": "good", "lost": "bad"}[self.value]


class Method(enum.StrEnum):
    CALL = "call"
    SMS = "sms"
    WHATSAPP = "whatsapp"
    VISIT = "visit"
    OTHER = "other"

    @property
    def label(self) -> str:
        return _METHOD_LABELS[self]

    @property
    def opens_chat(self) -> bool:
        return self is Method.WHATSAPP


class CommitmentState(enum.StrEnum):
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    CANCELED = "canceled"

    @property
    def label(self) -> str:
        return _COMMITMENT_LABELS[self]


_STATUS_LABELS = {
    LeadStatus.NEW: N_("New"),
    LeadStatus.CONTACTED: N_("Contacted"),
    LeadStatus.CONVERTED: N_("Won"),
    LeadStatus.LOST: N_("Lost"),
}
_METHOD_LABELS = {
    Method.CALL: N_("Call"),
    Method.SMS: N_("SMS"),
    Method.WHATSAPP: N_("WhatsApp"),
    Method.VISIT: N_("Visit"),
    Method.OTHER: N_("Other"),
}
_COMMITMENT_LABELS = {
    CommitmentState.OPEN: N_("Open"),
    CommitmentState.KEPT: N_("Paid"),
    CommitmentState.BROKEN: N_("Not paid"),
    CommitmentState.CANCELED: N_("Canceled"),
}


IS_OPEN = "status IN ('new', 'contacted')"
HAS_FOLLOW_UP = "status <> 'lost' AND next_follow_up_at IS NOT NULL"
OF_LEADS = "subject IN ('leads', 'follow_ups', 'loan_commitments', 'notes')"


def _partial(name: str, *columns: Any, where: str) -> sa.Index:
    return sa.Index(name, *columns, postgresql_where=sa.text(where), sqlite_where=sa.text(where))


def _of_assignee(name: str, *columns: str, where: str = "") -> sa.Index:
    """Build an index of assigned leads: most of those that are imported are nobody's."""
    conditions = ["assigned_to_id IS NOT NULL", *filter(None, [where])]
    return _partial(name, "organization_id", "assigned_to_id", *columns, where=" AND ".join(conditions))


class Lead(SourceMixin, Base):
    """A person who may become a customer.

    phone: the contact number.
    next_follow_up_at: the earliest open follow-up, written with each change of them.
    assigned_to: a member of the organization, at the time of the choice; None for nobody.
    search_text: folded name, digits of the number in its spellings, e-mail.
    """

    __tablename__ = "leads"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("branch_id", "branches"),
        within_organization("customer_id", "customers"),
        sa.Index("ix_leads_customer", "organization_id", "customer_id"),
        sa.Index("ix_leads_activity", "organization_id", "activity_at", "id"),
        sa.Index("ix_leads_status", "organization_id", "status", "id"),
        sa.Index("ix_leads_assigned", "organization_id", "assigned_to_id", "status", "id"),
        _partial("ix_leads_open", "organization_id", "next_follow_up_at", "id", where=IS_OPEN),
        _partial("ix_leads_follow_up", "organization_id", "next_follow_up_at", "id", where=HAS_FOLLOW_UP),
        _of_assignee("ix_leads_assigned_latest", "id"),
        _of_assignee("ix_leads_assigned_open", "next_follow_up_at", "id", where=IS_OPEN),
        _of_assignee("ix_leads_assigned_next", "next_follow_up_at", "id", where=HAS_FOLLOW_UP),
        sa.Index("ix_leads_phone", "organization_id", "phone"),
        sa.Index("ix_leads_email", "organization_id", "email"),
        sa.Index("ix_leads_passport", "organization_id", "passport_number"),
        {"sqlite_autoincrement": True},
    )

    branch_id: Mapped[int | None]
    source: Mapped[str] = mapped_column(sa.String(40), default="")
    status: Mapped[str] = mapped_column(sa.String(12), default=LeadStatus.NEW.value)
    lost_reason: Mapped[str] = mapped_column(sa.String(500), default="")
    notes: Mapped[str] = mapped_column(sa.Text, default="")
    assigned_to_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    search_text: Mapped[str] = mapped_column(sa.Text, default="")
    next_follow_up_at: Mapped[dt.datetime | None]
    converted_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    branch: Mapped[Branch | None] = relationship(viewonly=True)
    customer: Mapped[Customer | None] = relationship(viewonly=True)
    assigned_to: Mapped[User | None] = relationship(viewonly=True)

    @property
    def state(self) -> LeadStatus:
        return LeadStatus(self.status)

    @property
    def is_open(self) -> bool:
        return self.state in (LeadStatus.NEW, LeadStatus.CONTACTED)

    @property
    def is_converted(self) -> bool:
        return self.state is LeadStatus.CONVERTED

    @property
    def is_lost(self) -> bool:
        return self.state is LeadStatus.LOST

    @property
    def moves(self) -> list[LeadStatus]:
        """Return where staff may move the lead; a won one is reopened before it is lost."""
        closed = {self.state, LeadStatus.LOST} if self.is_converted else {self.state}
        return [status for status in LeadStatus if status not in closed]

    def is_overdue(self, now: dt.datetime) -> bool:
        return not self.is_lost and self.next_follow_up_at is not None and self.next_follow_up_at < now

    def shown(self, now: dt.datetime) -> Hashable:
        """Return a value that changes with all that a list shows of it."""
        contact = self.name, self.phone, self.phone_valid, self.customer_id is None
        colleague = self.assigned_to and self.assigned_to.label
        beside = self.source, self.branch and self.branch.name, colleague
        return self.id, self.status, contact, beside, self.next_follow_up_at, self.is_overdue(now)

    def become(self, status: LeadStatus, lost_reason: str = "") -> None:
        """Set the status, with the reason of a lost lead and the time of a conversion."""
        self.status = status.value
        self.lost_reason = lost_reason if self.is_lost else ""
        self.converted_at = (self.converted_at or clock.utcnow()) if self.is_converted else None

    def forget_customer(self) -> None:
        """Detach the deleted customer, so that no scan creates them again."""
        self.customer_id, self.do_not_collect = None, True


class FollowUp(TenantMixin, Base):
    """One planned contact: due at `due_at`, done with an outcome.

    after_id: the follow-up whose completion planned this one; first_contact: completing it made a new lead contacted.
    Both serve undoing.
    """

    __tablename__ = "follow_ups"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("lead_id", "leads", ondelete="CASCADE"),
        within_organization("after_id", "follow_ups"),
        sa.Index("ix_follow_ups_after", "organization_id", "after_id"),
        sa.Index("ix_follow_ups_lead", "organization_id", "lead_id", "id"),
        _partial("ix_follow_ups_due", "organization_id", "due_at", "id", where="done_at IS NULL"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    lead_id: Mapped[int]
    method: Mapped[str] = mapped_column(sa.String(10))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    due_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    outcome: Mapped[str] = mapped_column(sa.Text, default="")
    after_id: Mapped[int | None]
    first_contact: Mapped[bool] = mapped_column(default=False)
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    lead: Mapped[Lead] = relationship(viewonly=True)
    done_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=done_by_id)

    @property
    def via(self) -> Method:
        return Method(self.method)

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    def mark_done(self, outcome: str) -> bool:
        """Set the outcome; False when it is done already."""
        if self.is_done:
            return False
        self.done_at, self.done_by_id, self.outcome = clock.utcnow(), current_actor(), outcome
        return True

    def undo_done(self) -> bool:
        if not self.is_done:
            return False
        self.done_at, self.done_by_id, self.outcome, self.first_contact = None, None, "", False
        return True


class LoanCommitment(TenantMixin, Base):
    """A promise to pay by a day. `amount` is in the organization's currency, an integer (`values/money.py`)."""

    __tablename__ = "loan_commitments"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("lead_id", "leads", ondelete="CASCADE"),
        sa.Index("ix_loan_commitments_lead", "organization_id", "lead_id", "id"),
        _partial("ix_loan_commitments_promised", "organization_id", "promised_date", "id", where="state = 'open'"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    lead_id: Mapped[int]
    amount: Mapped[int]
    promised_date: Mapped[dt.date] = mapped_column(sa.Date)
    state: Mapped[str] = mapped_column(sa.String(10), default=CommitmentState.OPEN.value)
    settled_at: Mapped[dt.datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    lead: Mapped[Lead] = relationship(viewonly=True)
    settled_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=settled_by_id)

    @property
    def standing(self) -> CommitmentState:
        return CommitmentState(self.state)

    @property
    def is_open(self) -> bool:
        return self.state == CommitmentState.OPEN

    def is_overdue(self, today: dt.date) -> bool:
        return self.is_open and self.promised_date < today

    def settle(self, state: CommitmentState) -> bool:
        """Set the state; False when it has it already."""
        if self.state == state:
            return False
        self.state = state.value
        self.settled_at, self.settled_by_id = (None, None) if self.is_open else (clock.utcnow(), current_actor())
        return True


_partial("ix_events_of_leads", Event.organization_id, Event.subject, Event.subject_id, Event.id, where=OF_LEADS)

seen_by_branch(Lead, lambda row: row.branch_id == BOUND)
