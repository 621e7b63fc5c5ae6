"""The first steps, and which of them are done."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.access import here, may
from crm.accounts.models import Invitation, Membership
from crm.customers.models import Customer
from crm.demo import samples
from crm.first_hour.rules import ENOUGH_CUSTOMERS, MESSAGING, PHONE
from crm.imports.queries import somebody_was_brought
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.roles import Role
from crm.message_templates.models import Template
from crm.messages.channels.registry import all_channels
from crm.providers.accounts import lacking
from crm.values.language import N_


class Step(NamedTuple):
    """`opens` says whether its page opens in a window."""

    label: str
    endpoint: str
    is_done: bool
    opens: bool = False


class Checklist(NamedTuple):
    steps: list[Step]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_done(self) -> bool:
        return all(step.is_done for step in self.steps)

    @property
    def mine(self) -> Checklist:
        """The steps that the user may take."""
        return Checklist([step for step in self.steps if _may_open(step.endpoint)])


def checklist() -> Checklist:
    own_customers, brought, templates, staff = db.session.execute(_facts()).one()
    marks = here().organization.first_steps
    return Checklist(
        [
            Step(N_("Add your first customers"), "customers.new", own_customers, opens=True),
            Step(N_("Bring your customers"), "imports.new", brought, opens=True),
            Step(N_("Choose how messages are sent"), "senders.index", MESSAGING in marks and _can_send()),
            Step(N_("Write a template"), "message_templates.new", templates, opens=True),
            Step(N_("Invite your staff"), "accounts.new_user", staff, opens=True),
            Step(N_("Put it on your phone"), "first_hour.phone", PHONE in marks, opens=True),
        ]
    )


def _can_send() -> bool:
    """Whether nothing is missing of what was chosen: an account that is half entered sends nothing."""
    return not any(lacking(here().organization, channel) for channel in all_channels())


def _facts() -> Any:
    organization_id = here().organization.id
    others = sa.select(Membership.id).where(
        Membership.organization_id == organization_id, Membership.user_id != here().user.id
    )
    own = sa.select(Customer.id).where(samples.is_own(Customer.id))
    return sa.select(
        sa.exists(own),
        sa.or_(somebody_was_brought(), sa.exists(own.limit(1).offset(ENOUGH_CUSTOMERS - 1))),
        sa.exists(sa.select(Template.id)),
        sa.or_(sa.exists(others), sa.exists(sa.select(Invitation.id))),
    )


def _may_open(endpoint: str) -> bool:
    access = catalog().access[endpoint]
    return may(access) if isinstance(access, Role) else True
