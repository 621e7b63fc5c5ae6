"""Campaigns and their recipients."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.campaigns.rules import EDITABLE, STARTED, STOPPABLE, Part, Skip, State
from crm.customers.models import Customer
from crm.kernel.branch_scope import BOUND, seen_by_branch
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, Json, TextCode, UtcDateTime, db_now
from crm.kernel.errors import ConflictError
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.message_templates.models import Template
from crm.message_templates.rules import Wording
from crm.messages.channels.base import MAX_SUBJECT, Channel
from crm.messages.channels.registry import CHANNEL
from crm.values import clock
from crm.values.language import gettext as _
from crm.values.stored import shown


class Campaign(TenantMixin, Base):
    """One text to many customers, at one time.

    Whom it goes to is a segment, or the chosen: `customer_ids`, or all that match `query` but `excluded`. Until it
    starts that is a question; its start answers it once, as rows of `campaign_recipients`. A segment without a foreign
    key can be deleted once no campaign waits for it.
    template_id, or subject and body: the text. wording: what the text was at the start, with its versions.
    at_their_hour: each message goes out when the customer usually writes or comes in, at most a day later.
    hold_out: percent of those who can be reached who get nothing; None for the usual, which the start decides.
    draw_key: makes the draw. reason: why it is paused, or became a draft again, in English.
    branch_id: the only branch of whoever made it.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("template_id", "message_templates"),
        sa.Index("ix_campaigns_segment", "organization_id", "segment_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100))
    state: Mapped[State] = mapped_column(TextCode(State, 10), default=State.DRAFT)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    segment_id: Mapped[int | None]
    customer_ids: Mapped[list[Any]] = mapped_column(Json, default=list)
    query: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    excluded: Mapped[list[Any]] = mapped_column(Json, default=list)
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    template_id: Mapped[int | None]
    subject: Mapped[str] = mapped_column(sa.String(MAX_SUBJECT), default="")
    body: Mapped[str] = mapped_column(sa.Text, default="")
    wording: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    send_at: Mapped[dt.datetime | None]
    at_their_hour: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    hold_out: Mapped[int | None]
    draw_key: Mapped[str] = mapped_column(sa.String(32), default=lambda: secrets.token_hex(16))
    branch_id: Mapped[int | None]
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    started_at: Mapped[dt.datetime | None]
    resumed_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    template: Mapped[Template | None] = relationship(viewonly=True, foreign_keys="Campaign.template_id")
    created_by: Mapped[User | None] = relationship(viewonly=True)

    @property
    def shown_reason(self) -> str:
        return shown(self.reason)

    @property
    def has_started(self) -> bool:
        """Whether it has recipients; one that was stopped before has none."""
        return self.state in STARTED and self.started_at is not None

    @property
    def starts_soon(self) -> bool:
        """Whether it is scheduled for within a minute."""
        soon = clock.utcnow() + dt.timedelta(minutes=1)
        return self.state is State.SCHEDULED and (self.send_at is None or self.send_at < soon)

    @property
    def is_editable(self) -> bool:
        return self.state in EDITABLE

    @property
    def is_stoppable(self) -> bool:
        return self.state in STOPPABLE

    @property
    def frozen_wording(self) -> Wording:
        """Return the text as it was when the campaign started."""
        return Wording.from_json(self.wording or {"text": "", "has_fields": False, "approved": None})

    def ensure_editable(self) -> None:
        if not self.is_editable:
            raise ConflictError(
                _("This campaign can't be changed any more: it is “%(state)s”.", state=self.state.label)
            )

    def schedule(self, send_at: dt.datetime) -> None:
        """Let a draft start at a time; raises ConflictError for any other."""
        if self.state is not State.DRAFT:
            raise ConflictError(_("This campaign can't be scheduled: it is “%(state)s”.", state=self.state.label))
        self.state, self.send_at, self.reason = State.SCHEDULED, send_at, ""

    def start(self, wording: Wording, now: dt.datetime) -> None:
        self.state, self.reason, self.started_at, self.wording = State.SENDING, "", now, wording.to_json()

    def send_back(self, reason: str) -> None:
        """Make a scheduled one a draft again, for it could not start."""
        self.state, self.reason = State.DRAFT, reason[:300]

    def pause(self, reason: str = "") -> bool:
        """Return False for one that is paused; raises ConflictError for one that isn't being sent."""
        if self.state is State.PAUSED:
            return False
        if self.state is not State.SENDING:
            raise ConflictError(_("This campaign can't be paused: it is “%(state)s”.", state=self.state.label))
        self.state, self.reason = State.PAUSED, reason[:300]
        return True

    def resume(self, now: dt.datetime) -> bool:
        """Return False for one that is being sent; raises ConflictError for one that isn't paused."""
        if self.state is State.SENDING:
            return False
        if self.state is not State.PAUSED:
            raise ConflictError(_("This campaign can't be resumed: it is “%(state)s”.", state=self.state.label))
        self.state, self.reason, self.resumed_at = State.SENDING, "", now
        return True

    def stop(self, now: dt.datetime) -> bool:
        """Return False for one that is stopped; raises ConflictError for one that is done."""
        if self.state is State.STOPPED:
            return False
        if not self.is_stoppable:
            raise ConflictError(_("This campaign can't be stopped: it is “%(state)s”.", state=self.state.label))
        self.state, self.reason, self.ended_at = State.STOPPED, "", now
        return True

    def finish(self, now: dt.datetime) -> None:
        self.state, self.ended_at = State.DONE, now

    def ensure_retryable(self) -> None:
        if self.state not in (State.SENDING, State.PAUSED, State.DONE):
            sentence = _("Nothing of this campaign can be sent again: it is “%(state)s”.", state=self.state.label)
            raise ConflictError(sentence)

    def go_on(self) -> None:
        """Go on with one that is done, for something of it is sent again."""
        if self.state is State.DONE:
            self.state, self.ended_at = State.SENDING, None


class CampaignRecipient(TenantMixin, Base):
    """A customer who was in the segment when the campaign started, and what became of them.

    part: what the draw made of them, which stays. skip: why they get nothing, though they were to. address_key: a keyed
    hash of where the message goes, so that two customers with one address get one. is_compared: not any more once the
    customer was merged, whose purchases are no longer theirs alone.
    """

    __tablename__ = "campaign_recipients"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "campaign_id", "customer_id"),
        sa.UniqueConstraint("organization_id", "campaign_id", "address_key"),
        within_organization("campaign_id", "campaigns", ondelete="CASCADE"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_campaign_recipients_customer", "organization_id", "customer_id"),
        sa.Index("ix_campaign_recipients_message", "organization_id", "message_id"),
        sa.Index("ix_campaign_recipients_part", "organization_id", "campaign_id", "part", "message_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    campaign_id: Mapped[int]
    customer_id: Mapped[int]
    part: Mapped[Part] = mapped_column(TextCode(Part, 10), default=Part.TREATED)
    skip: Mapped[Skip | None] = mapped_column(TextCode(Skip, 15))
    address_key: Mapped[str | None] = mapped_column(sa.String(40))
    message_id: Mapped[int | None]
    is_compared: Mapped[bool] = mapped_column(default=True, server_default=sa.true())

    campaign: Mapped[Campaign] = relationship(viewonly=True)
    customer: Mapped[Customer] = relationship(viewonly=True)


# Whoever sees one branch sees the campaigns of its people.
seen_by_branch(Campaign, lambda row: row.branch_id == BOUND)
