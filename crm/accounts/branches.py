"""Services of branches."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.branch_uses import in_use, uses_of_branch
from crm.accounts.models import Branch
from crm.accounts.queries import branch_called
from crm.kernel.db import locked, transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.values.language import gettext as _


def add(name: str, key: RequestKey | None = None) -> int:
    with transaction() as session:
        once = Once(key)
        if once.earlier is not None:
            return once.found(Branch).id
        _refuse_taken(name)
        branch = Branch(name=name)
        session.add(branch)
        record("branch.added", branch, changes={"name": [None, name]})
        once.made(branch.id)
        return branch.id


def rename(branch_id: int, name: str) -> None:
    with transaction():
        branch = _get_locked(branch_id)
        _refuse_taken(name, but=branch_id)
        branch.name = name
        changes = changes_of(branch)
        if changes:
            record("branch.changed", branch, changes=changes)


def delete(branch_id: int) -> None:
    """Delete an unused branch; raises ConflictError with its uses."""
    with transaction() as session:
        # The lock keeps other transactions from referring to it meanwhile.
        branch = _get_locked(branch_id)
        uses = uses_of_branch(branch_id)
        if uses:
            raise ConflictError(in_use(branch.name, uses))
        record("branch.deleted", branch, changes={"name": [branch.name, None]})
        session.delete(branch)


def _get_locked(branch_id: int) -> Branch:
    return db.session.scalars(locked(sa.select(Branch).where(Branch.id == branch_id))).one()


def _refuse_taken(name: str, but: int | None = None) -> None:
    found = branch_called(name)
    if found is not None and found.id != but:
        raise SentenceError(_("There is a branch %(name)s already.", name=found.name))
