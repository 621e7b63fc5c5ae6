"""Opt-outs.

An erasure keeps an opt-out without its address: a keyed hash of it, so that nobody writes to it when it comes back.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from crm.accounts.models import User
from crm.kernel.columns import Base, BigInt, CreatedAt, Id, TextCode
from crm.kernel.fingerprints import fingerprint, fingerprints
from crm.kernel.tenancy import TenantMixin
from crm.messages.channels.base import Addresses
from crm.messages.channels.registry import kind_named
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import stored

BY_STOP = stored(N_("The customer opted out by writing %(word)s."))
BY_PROVIDER = N_("The provider says that the customer opted out.")
BY_BOUNCE = N_("Mail to this address came back.")
BY_SOFT_BOUNCE = N_("Mail to this address came back again and again.")
BY_COMPLAINT = N_("The customer reported a message as spam.")
BY_UNSUBSCRIBE = N_("The customer unsubscribed by the link in a message.")
BY_STAFF = stored(N_("This %(noun)s is on the opt-out list."))


class OptOutSource(enum.StrEnum):
    STOP = "stop"
    PROVIDER = "provider"
    STAFF = "staff"
    BOUNCE = "bounce"
    SOFT_BOUNCE = "soft"
    """Until a delivery is reported."""
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsub"


BY = {
    OptOutSource.PROVIDER: N_("the provider"),
    OptOutSource.BOUNCE: N_("mail that came back"),
    OptOutSource.SOFT_BOUNCE: N_("mail that came back again and again"),
    OptOutSource.COMPLAINT: N_("a spam report"),
    OptOutSource.UNSUBSCRIBE: N_("the link in a message"),
}
REASONS = {
    OptOutSource.PROVIDER: BY_PROVIDER,
    OptOutSource.BOUNCE: BY_BOUNCE,
    OptOutSource.SOFT_BOUNCE: BY_SOFT_BOUNCE,
    OptOutSource.COMPLAINT: BY_COMPLAINT,
    OptOutSource.UNSUBSCRIBE: BY_UNSUBSCRIBE,
}


class Purpose(enum.StrEnum):
    """What an opted-out address gets no more of: all messages, or those that advertise."""

    ALL = "all"
    MARKETING = "marketing"


HIDDEN = "hidden:"


def hidden(address: str) -> str:
    """Return what stands for an address in the opt-out of who was erased."""
    return HIDDEN + fingerprint("opt-out", address)[:40]


def listed(spellings: Iterable[str]) -> dict[str, str]:
    """Return each way in which opt-outs may have the spellings of addresses, with the spelling."""
    found = {}
    for spelling in spellings:
        found[spelling] = spelling
        found |= dict.fromkeys((HIDDEN + name[:40] for name in fingerprints("opt-out", spelling)), spelling)
    return found


class Suppression(TenantMixin, Base):
    """An opted-out address; it outlives its customers.

    kind: of the address, for all channels that use it. note: the keyword, the provider's sentence, or staff's note.
    """

    __tablename__ = "suppressions"
    __table_args__ = (sa.UniqueConstraint("organization_id", "kind", "address"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(sa.String(10), default="phone", server_default="phone")
    address: Mapped[str] = mapped_column(sa.String(254))
    purpose: Mapped[Purpose] = mapped_column(TextCode(Purpose, 10), default=Purpose.ALL, server_default=Purpose.ALL)
    source: Mapped[OptOutSource] = mapped_column(TextCode(OptOutSource, 10))
    note: Mapped[str] = mapped_column(sa.String(200), default="")
    created_by_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id"))
    created_at: Mapped[CreatedAt]

    created_by: Mapped[User | None] = relationship(viewonly=True)

    @property
    def addresses(self) -> Addresses:
        return kind_named(self.kind)

    @property
    def is_hidden(self) -> bool:
        return self.address.startswith(HIDDEN)

    @property
    def shown(self) -> str:
        """The address for readers anywhere."""
        return _("A contact of someone erased") if self.is_hidden else self.addresses.shown(self.address)

    @property
    def by(self) -> str:
        """Who opted it out, to follow "by"."""
        if self.source is OptOutSource.STOP:
            return self.note or "STOP"
        if self.source in BY:
            return str(BY[self.source])
        return self.created_by.label if self.created_by else _("staff")

    @property
    def reason(self) -> str:
        """Why a message to it is not sent, as rows keep it."""
        if self.source is OptOutSource.STOP:
            return BY_STOP.english(word=self.by)
        return REASONS.get(self.source) or BY_STAFF.english(noun=self.addresses.noun)
