"""The organization that a request, a job or a command acts in, as the conditions of statements name it."""

from __future__ import annotations

import contextvars

import sqlalchemy as sa

from crm.kernel.columns import BigInt


class TenantError(RuntimeError):
    """A statement would have run without an organization, or outside the current one."""


organization: contextvars.ContextVar[int | None] = contextvars.ContextVar("organization", default=None)


def require_organization() -> int:
    organization_id = organization.get()
    if organization_id is None:
        raise TenantError("no organization is set")
    return organization_id


ORGANIZATION = sa.bindparam("current_organization", callable_=require_organization, type_=BigInt)
