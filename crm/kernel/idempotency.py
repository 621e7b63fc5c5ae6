"""Keys of creating forms and the API's Idempotency-Key: the same request twice makes one row."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.exceptions import Conflict

from crm.kernel.columns import Base, BigInt, CreatedAt, Id
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.kernel.tenancy import TenantMixin, current_actor
from crm.values.language import gettext as _

Row = TypeVar("Row", bound=Base)


class RequestKey(NamedTuple):
    key: str
    fingerprint: str


class KeyReusedError(SentenceError):
    def __init__(self) -> None:
        super().__init__(_("This form was sent before with other content. Check it, then save it again."))


class ResultDeletedError(Conflict):
    """The row that an earlier request made is deleted. No form can correct that, so the answer is 409."""

    def __init__(self) -> None:
        super().__init__(_("This was saved before, and was deleted since. Open the form again to enter it anew."))


class UsedKey(TenantMixin, Base):
    __tablename__ = "used_keys"
    __table_args__ = (
        sa.UniqueConstraint("organization_id", "user_id", "key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(BigInt, sa.ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(100))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    subject_id: Mapped[int | None]
    created_at: Mapped[CreatedAt]


class Once:
    """Use a key once: `earlier` is the row of an earlier request, after waiting for a running one.

    Else call `made()`.
    """

    def __init__(self, request_key: RequestKey | None) -> None:
        self.earlier: int | None = None
        self._row: UsedKey | None = None
        if request_key is None:
            return
        row = UsedKey(
            user_id=current_actor(), key=request_key.key, fingerprint=request_key.fingerprint, subject_id=None
        )
        if row.user_id is None and is_used(request_key):
            # The index doesn't tell keys of nobody apart: whoever uses one holds a lock.
            self.earlier = _earlier(request_key)
            return
        try:
            with db.session.begin_nested():
                db.session.add(row)
        except IntegrityError:
            self.earlier = _earlier(request_key)
        else:
            self._row = row

    def found(self, model: type[Row]) -> Row:
        row = None if self.earlier is None else db.session.get(model, self.earlier)
        if row is None:
            raise ResultDeletedError
        return row

    def made(self, subject_id: int) -> None:
        if self._row is not None:
            self._row.subject_id = subject_id


def is_used(request_key: RequestKey | None) -> bool:
    """Whether a finished request has used the key with any content; a hint only, `Once` decides."""
    return request_key is not None and db.session.scalars(_rows_of(request_key)).first() is not None


def _earlier(request_key: RequestKey) -> int:
    row = db.session.scalars(_rows_of(request_key)).one()
    if row.fingerprint != request_key.fingerprint or row.subject_id is None:
        raise KeyReusedError
    return row.subject_id


def _rows_of(request_key: RequestKey) -> sa.Select[UsedKey]:
    return sa.select(UsedKey).where(UsedKey.key == request_key.key, UsedKey.user_id == current_actor())
