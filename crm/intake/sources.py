"""Records that tell of people: leads, persons of bookings, area customers."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import BigInt, Id
from crm.kernel.extensions import db
from crm.kernel.tenancy import TenantMixin
from crm.people.contact_fields import ContactFields
from crm.people.identity import is_stopgap
from crm.people.names import may_be_one
from crm.people.person import Intake
from crm.values import phone


class SourceMixin(TenantMixin):
    """A record that tells of a person, kept as a customer's fields are, so that nothing of it is parsed again.

    `phone` is E.164 when `phone_valid`, else what was typed; `email` and `passport_number` are normalized.
    `activity_at` is the moment the record speaks of: when it last said something about the person. `customer_id` is
    the customer that the record was taken for; a scan follows it before any key. Whose customer was deleted for
    good, is marked `do_not_collect` and is never taken in again.
    """

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(200))
    phone: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    phone_valid: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    phone_extension: Mapped[str] = mapped_column(sa.String(7), default="", server_default="")
    email: Mapped[str | None] = mapped_column(sa.String(254))
    passport_number: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    customer_id: Mapped[int | None] = mapped_column(BigInt)
    do_not_collect: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    activity_at: Mapped[dt.datetime]

    def take_contact(self, contact: ContactFields) -> None:
        """Write the given contact fields. Raises ContactError.

        A record that now tells of another person loses its customer: following the old one would rename them.
        """
        name, passport, number = self.name, self.passport_number, self.phone
        contact.checked().write(self)
        is_same = passport and passport == self.passport_number and not is_stopgap(passport)
        if is_same and phone.matching(number or "") == phone.matching(self.phone):
            return
        if name and not may_be_one(name, self.name):
            self.customer_id, self.do_not_collect = None, False

    @property
    def contact(self) -> ContactFields:
        return ContactFields.of(self)

    @property
    def full_phone(self) -> str:
        return phone.with_extension(self.phone, self.phone_extension)


def intake_of_record(record: Any, source: str, branch_id: int | None) -> Intake:
    """Build the intake of a record, from `source` ("Lead"); placeholders are dropped."""
    return Intake(ContactFields.of(record, source).known(), branch_id, record.activity_at, record.customer_id)


class Source(NamedTuple):
    """Records for scans. `name` is the source of new customers, as "Lead".

    branch: the column of a record's branch. via: the relationship to the row that has it, if the record has none.
    """

    key: str
    name: str
    model: type[SourceMixin]
    branch: Any
    via: Any = None


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add a feature's records to scans."""
    _sources[source.key] = source


def registered() -> list[Source]:
    return [_sources[key] for key in sorted(_sources)]


def forget(model: type[SourceMixin], customers: sa.Select[int]) -> None:
    """Detach records from deleted customers, and keep them out of scans."""
    statement = sa.update(model).where(model.customer_id.in_(customers)).values(customer_id=None, do_not_collect=True)
    # Records of another branch would keep the customer from being deleted.
    db.session.execute(statement, execution_options={"all_branches": True, "synchronize_session": False})
