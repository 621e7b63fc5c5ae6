"""The same request twice makes one row: keys of creating forms and of the API's Idempotency-Key."""

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

Row = TypeVar("Row", bound=Base)


class RequestKey(NamedTuple):
    """A client's key and the hash of what it sent with it."""

    key: str
    fingerprint: str


class KeyReusedError(SentenceError):
    """The key was used before, with other content."""

    def __init__(self) -> None:
        super().__init__("This form was sent before with other content. Check it, then save it again.")


class GoneError(Conflict):
    """What an earlier request with the key made is there no more; no form can mend that, so the answer is 409."""

    def __init__(self) -> None:
        super().__init__("This was saved before and was deleted in the meantime. Open the form again to enter it anew.")


class UsedKey(TenantMixin, Base):
    """A key that made the row `subject_id`; `housekeeping` deletes it after two months."""

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
    """One use of a key within a transaction: `earlier` is the row an earlier request made, else call `made()`.

    The insert waits for a request with the same key that is still under way, so both give the same answer.
    Raises KeyReusedError when the key was used with other content.
    """

    def __init__(self, request_key: RequestKey | None) -> None:
        self.earlier: int | None = None
        self._row: UsedKey | None = None
        if request_key is None:
            return
        row = UsedKey(
            user_id=current_actor(), key=request_key.key, fingerprint=request_key.fingerprint, subject_id=None
        )
        try:
            with db.session.begin_nested():
                db.session.add(row)
        except IntegrityError:
            self.earlier = _earlier(request_key)
        else:
            self._row = row

    def found(self, model: type[Row]) -> Row:
        """Return the row that an earlier request made; raises GoneError where it is deleted or hidden."""
        row = None if self.earlier is None else db.session.get(model, self.earlier)
        if row is None:
            raise GoneError
        return row

    def made(self, subject_id: int) -> None:
        """Remember what this request made."""
        if self._row is not None:
            self._row.subject_id = subject_id


def is_used(request_key: RequestKey | None) -> bool:
    """Whether a request that is done has used the key, with whatever content; only `Once` makes sure."""
    return request_key is not None and db.session.scalars(_rows_of(request_key)).first() is not None


def _earlier(request_key: RequestKey) -> int:
    row = db.session.scalars(_rows_of(request_key)).one()
    if row.fingerprint != request_key.fingerprint or row.subject_id is None:
        raise KeyReusedError
    return row.subject_id


def _rows_of(request_key: RequestKey) -> sa.Select[UsedKey]:
    return sa.select(UsedKey).where(UsedKey.key == request_key.key, UsedKey.user_id == current_actor())
