"""Messages, delivery attempts, and senders that a provider refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode, UtcDateTime, db_now, new_uid
from crm.kernel.errors import ConflictError
from crm.kernel.tenancy import TenantMixin, within_organization
from crm.messages.channels.base import MAX_SUBJECT, Channel
from crm.messages.channels.registry import CHANNEL
from crm.messages.rules import BEING_SENT, NEEDS_A_PERSON, OPEN, RESENDABLE, WAITING, Answer, ApprovedTemplate, Status
from crm.messages.states import ensure_may_turn
from crm.values.language import gettext as _
from crm.values.stored import shown


def _in(statuses: frozenset[Status]) -> str:
    return ", ".join(f"'{status.value}'" for status in sorted(statuses))


_ATTENTION = sa.text(f"acknowledged_at IS NULL AND status IN ({_in(NEEDS_A_PERSON)})")
_OPEN = sa.text(f"acknowledged_at IS NULL AND status IN ({_in(OPEN)})")


def _partial(name: str, condition: sa.TextClause) -> tuple[sa.Index, sa.Index]:
    """Build partial indexes by time for messages that meet `condition`.

    `acknowledged_at` is always null there. SQLite uses the index only with one more equality; PostgreSQL would scan a
    column that the condition fixes.
    """
    return (
        sa.Index(name, "organization_id", "acknowledged_at", "send_at", sqlite_where=condition).ddl_if("sqlite"),
        sa.Index(name, "organization_id", "send_at", "id", postgresql_where=condition).ddl_if("postgresql"),
    )


class Message(TenantMixin, Base):
    """A scheduled message to one customer.

    template: the approved template, with the parameters at scheduling.
    status: proof; only the verbs here change it.
    claim_token: required by every write of the worker until `lease_until`.
    before_done: what Undo restores.
    uid: survives a backup and its restore. before_restore: the state in the backup it came from, while it is held back.
    purpose: marketing goes only to customers who agreed to it.
    must_arrive: sent once more when its outcome stays unknown, then `sent_again`.
    """

    __tablename__ = "messages"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("customer_id", "customers", ondelete="CASCADE"),
        sa.Index("ix_messages_customer", "organization_id", "customer_id", "send_at"),
        *_partial("ix_messages_attention", _ATTENTION),
        *_partial("ix_messages_open", _OPEN),
        sa.Index("ix_messages_status", "organization_id", "status", "send_at", "id"),
        sa.Index("ix_messages_time", "organization_id", "send_at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    customer_id: Mapped[int]
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    subject: Mapped[str] = mapped_column(sa.String(MAX_SUBJECT), default="", server_default="")
    body: Mapped[str] = mapped_column(sa.Text)
    template: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    purpose: Mapped[MessagePurpose] = mapped_column(
        TextCode(MessagePurpose, 10), default=MessagePurpose.SERVICE, server_default=MessagePurpose.SERVICE
    )
    send_at: Mapped[dt.datetime]
    must_arrive: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    sent_again: Mapped[bool] = mapped_column(sa.Boolean, default=False, server_default=sa.false())
    status: Mapped[Status] = mapped_column(TextCode(Status, 12), default=Status.SCHEDULED)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    status_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())
    attempts_made: Mapped[int] = mapped_column(sa.Integer, default=0)
    claim_token: Mapped[str | None] = mapped_column(sa.String(32))
    lease_until: Mapped[dt.datetime | None]
    handed_over_at: Mapped[dt.datetime | None]
    delivered_at: Mapped[dt.datetime | None]
    read_at: Mapped[dt.datetime | None]
    acknowledged_at: Mapped[dt.datetime | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    before_done: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    uid: Mapped[str] = mapped_column(sa.String(32), default=new_uid, server_default="")
    before_restore: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())

    customer: Mapped[Customer] = relationship(viewonly=True)
    created_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=[created_by_id])
    acknowledged_by: Mapped[User | None] = relationship(viewonly=True, foreign_keys=[acknowledged_by_id])
    attempts: Mapped[list[Attempt]] = relationship(viewonly=True, order_by="Attempt.id")

    @property
    def approved(self) -> ApprovedTemplate | None:
        """The approved template, None for a free text."""
        return ApprovedTemplate.from_json(self.template)

    @property
    def shown_reason(self) -> str:
        return shown(self.reason)

    @property
    def is_marketing(self) -> bool:
        return self.purpose is MessagePurpose.MARKETING

    @property
    def is_awaited(self) -> bool:
        """Whether it is open; the earliest open message orders its customer in the list."""
        return self.status in OPEN and self.acknowledged_at is None

    @property
    def is_changeable(self) -> bool:
        return self.status in WAITING

    @property
    def is_resendable(self) -> bool:
        """Whether it did not arrive, or nobody knows."""
        return self.status in RESENDABLE

    @property
    def is_acknowledged(self) -> bool:
        return self.acknowledged_at is not None

    @property
    def needs_a_person(self) -> bool:
        return self.status in NEEDS_A_PERSON and not self.is_acknowledged

    @property
    def shown(self) -> Hashable:
        """Return a value that changes with all that a list shows of it."""
        of_whom, state = (self.customer_id, self.customer.name), (self.status, self.reason, self.is_acknowledged)
        return self.id, of_whom, state, self.subject, self.body, self.send_at, str(self.channel)

    def turn(self, status: Status, now: dt.datetime, reason: str = "") -> None:
        """Set the status and the reason that people read; a worker's claim ends."""
        ensure_may_turn(self.status, status)
        self.status, self.reason, self.status_at = status, reason[:300], now
        if status is not Status.HELD:
            self.before_restore = None
        self.claim_token, self.lease_until = None, None

    def rewrite(
        self,
        channel: Channel,
        body: str,
        send_at: dt.datetime,
        must_arrive: bool,
        template: ApprovedTemplate | None,
        now: dt.datetime,
        subject: str = "",
        purpose: MessagePurpose | None = None,
    ) -> bool:
        """Change content, channel and time; False for no change. ConflictError once it is being sent or has ended.

        The purpose stays if none is said.
        """
        self.ensure_changeable()
        purpose = purpose or self.purpose
        before = self.channel, self.subject, self.body, self.send_at, self.must_arrive, self.approved, self.purpose
        if before == (channel, subject, body, send_at, must_arrive, template, purpose):
            return False
        self.purpose = purpose
        self.channel, self.subject, self.body = channel, subject, body
        self.send_at, self.must_arrive = send_at, must_arrive
        self.template = template.to_json() if template else None
        self.attempts_made = 0
        self.turn(Status.SCHEDULED, now)
        return True

    def place(self, due_at: dt.datetime | None) -> dict[str, Any]:
        """Return when and in what state it waits, in JSON values; `due_at` is when the worker looks at it."""
        return {
            "send_at": self.send_at.isoformat(),
            "status": self.status,
            "reason": self.reason,
            "attempts_made": self.attempts_made,
            "due_at": due_at.isoformat() if due_at else None,
        }

    def move_back(self, before: dict[str, Any], now: dt.datetime) -> bool:
        """Undo a move by the `place` before it; False once it is no longer scheduled."""
        if self.status is not Status.SCHEDULED:
            return False
        self.send_at = dt.datetime.fromisoformat(before["send_at"])
        self.attempts_made = before["attempts_made"]
        self.turn(Status(before["status"]), now, before["reason"])
        return True

    def cancel(self, now: dt.datetime) -> bool:
        """Cancel; False when canceled before. Raises ConflictError as `rewrite` does."""
        if self.status is Status.CANCELED:
            return False
        self._refuse_while_being_sent()
        if self.status not in WAITING:
            raise ConflictError(
                _("This message can't be canceled any more: it is “%(state)s”.", state=self.status.label)
            )
        self.turn(Status.CANCELED, now)
        return True

    def send_again(self, now: dt.datetime) -> bool:
        """Send again now; False when it is about to be sent. Attempts stay.

        Raises ConflictError when it may have arrived, or was never tried.
        """
        self._refuse_while_being_sent()
        if self.status is Status.SCHEDULED and self.send_at <= now:
            return False
        if not self.is_resendable:
            raise ConflictError(_("This message can't be sent again: it is “%(state)s”.", state=self.status.label))
        # A person wants it sent once more, whatever a restored copy has sent.
        self.uid = new_uid()
        self.send_at, self.attempts_made, self.handed_over_at = now, 0, None
        self.acknowledged_at, self.acknowledged_by_id, self.before_done = None, None, None
        self.turn(Status.SCHEDULED, now)
        return True

    def mark_done(self, user_id: int | None, now: dt.datetime, due_at: dt.datetime | None) -> bool:
        """Mark as done: pending messages are not sent, ended ones keep their status.

        `due_at` is kept for Undo. False when it is done; ConflictError while it is being sent.
        """
        self._refuse_while_being_sent()
        if self.is_acknowledged:
            return False
        due = due_at.isoformat() if due_at else None
        self.before_done = {"status": self.status, "reason": self.reason, "due_at": due}
        self.acknowledged_at, self.acknowledged_by_id = now, user_id
        if self.status in WAITING:
            self.turn(Status.DONE, now)
        return True

    def undo_done(self, now: dt.datetime) -> dict[str, Any] | None:
        """Restore and return the state before `mark_done`; None when it is not done."""
        before = self.before_done
        if before is None:
            return None
        self.before_done, self.acknowledged_at, self.acknowledged_by_id = None, None, None
        if self.status is Status.DONE:
            self.turn(Status(before["status"]), now, before["reason"])
        return before

    def ensure_changeable(self) -> None:
        """Raise ConflictError if it is too late to change it."""
        self._refuse_while_being_sent()
        if self.status not in WAITING:
            raise ConflictError(
                _("This message can't be changed any more: it is “%(state)s”.", state=self.status.label)
            )

    def _refuse_while_being_sent(self) -> None:
        if self.status in BEING_SENT:
            raise ConflictError(_("This message is being sent right now. Wait a moment, then look again."))


class Attempt(TenantMixin, Base):
    """One call of a gateway, written before the call and completed after it."""

    __tablename__ = "attempts"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        within_organization("message_id", "messages", ondelete="CASCADE"),
        sa.Index("ix_attempts_message", "organization_id", "message_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    message_id: Mapped[int]
    claim_token: Mapped[str] = mapped_column(sa.String(32))
    gateway: Mapped[str] = mapped_column(sa.String(20))
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    recipient: Mapped[str] = mapped_column(sa.String(254), server_default="")
    body: Mapped[str] = mapped_column(sa.Text)
    started_at: Mapped[CreatedAt]
    finished_at: Mapped[dt.datetime | None]
    outcome: Mapped[Answer | None] = mapped_column(TextCode(Answer, 20))
    provider_id: Mapped[str | None] = mapped_column(sa.String(100))
    error_code: Mapped[str | None] = mapped_column(sa.String(40))
    detail: Mapped[str] = mapped_column(sa.String(300), default="")


class BlockedSender(TenantMixin, Base):
    """A channel that its provider refuses (credentials, account): messages wait.

    One message at a time tries it, from `probe_at` on. The notice stays until it works or is dismissed. One that is
    refused only in reports (`by_report`) accepts messages; a good report ends it.
    """

    __tablename__ = "blocked_senders"
    __table_args__ = (sa.UniqueConstraint("organization_id", "channel"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    gateway: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.String(300))
    blocked_at: Mapped[CreatedAt]
    probe_at: Mapped[dt.datetime]
    dismissed_at: Mapped[dt.datetime | None]
    by_report: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    @property
    def shown_reason(self) -> str:
        return shown(self.reason)
