"""Texts that staff send again and again."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.customers.rules import MessagePurpose
from crm.kernel.columns import Base, CreatedAt, Id, TextCode
from crm.kernel.tenancy import TenantMixin
from crm.message_templates.rules import Wording, named, spoken
from crm.messages.channels.base import MAX_SUBJECT, Channel
from crm.messages.channels.registry import CHANNEL
from crm.messages.rules import ApprovedTemplate, TemplateCategory
from crm.values.language import LANGUAGES

_KEPT = sa.text("deleted_at IS NULL")


class Template(TenantMixin, Base):
    """A text with fields for one channel and language, possibly approved by WhatsApp.

    Templates of one name and channel are versions of each other. name_key: the folded name, given once in each
    language, deleted ones aside. language: a code as WhatsApp writes it, like id or en_US; "" for any. parameters:
    texts with fields, in the order of the approved template or named. purpose: of its messages. category: what WhatsApp
    approved it for. Messages keep copies, so edits change nothing scheduled.
    """

    __tablename__ = "message_templates"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "id"),
        sa.Index(
            "uq_message_templates_name",
            "organization_id",
            "name_key",
            "language",
            unique=True,
            postgresql_where=_KEPT,
            sqlite_where=_KEPT,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100))
    name_key: Mapped[str] = mapped_column(sa.String(100))
    channel: Mapped[Channel] = mapped_column(CHANNEL)
    subject: Mapped[str] = mapped_column(sa.String(MAX_SUBJECT), default="", server_default="")
    body: Mapped[str] = mapped_column(sa.Text)
    approved_name: Mapped[str] = mapped_column(sa.String(512), default="")
    language: Mapped[str] = mapped_column(sa.String(15), default="")
    purpose: Mapped[MessagePurpose] = mapped_column(
        TextCode(MessagePurpose, 10), default=MessagePurpose.SERVICE, server_default=MessagePurpose.SERVICE
    )
    category: Mapped[TemplateCategory] = mapped_column(
        TextCode(TemplateCategory, 15), default=TemplateCategory.UNKNOWN, server_default=""
    )
    parameters: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    deleted_at: Mapped[dt.datetime | None]
    created_at: Mapped[CreatedAt]

    @property
    def approved(self) -> ApprovedTemplate | None:
        """The approved template with unfilled parameters, or None."""
        if not self.approved_name:
            return None
        names, parameters = named(self.parameters)
        return ApprovedTemplate(self.approved_name, self.language, parameters, self.id, names, self.category)

    @property
    def language_name(self) -> str:
        known = LANGUAGES.get(spoken(self.language))
        return known.name if known and self.language in LANGUAGES else self.language

    @property
    def wording(self) -> Wording:
        return Wording(self.body, True, self.approved, self.language, subject=self.subject)
