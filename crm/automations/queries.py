"""Reads of automations. Their list is short, and bounded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.queries import current_organization
from crm.automations.models import Automation, AutomationGrant
from crm.automations.rules import Occasion
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.message_templates.models import Template
from crm.message_templates.queries import kept_templates
from crm.rewards.models import Reward
from crm.rewards.queries import rewards
from crm.values import clock
from crm.web.lists import Page, read_page

MOST = 100
"""Of one occasion, those that are looked at when it comes."""
MOST_OFFERED = 200


class AutomationFilter(NamedTuple):
    def query(self) -> dict[str, Any]:
        return {}


def automations_page(number: int) -> Page[Automation]:
    """Return the automations, those that go on first."""
    found = sa.select(Automation).options(joinedload(Automation.reward), joinedload(Automation.template))
    order = (Automation.stopped_at.is_not(None), Automation.occasion, Automation.id)
    return read_page(found.order_by(*order), AutomationFilter(), number)


def given(automations: Sequence[Automation]) -> Mapping[int, int]:
    """Return by automation how often it gave something."""
    ids = [automation.id for automation in automations]
    if not ids:
        return {}
    counted = sa.select(AutomationGrant.automation_id, sa.func.count()).where(
        one_of(AutomationGrant.automation_id, ids)
    )
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(AutomationGrant.automation_id))}


def running(occasion: Occasion) -> Sequence[Automation]:
    found = sa.select(Automation).where(Automation.occasion == occasion, Automation.stopped_at.is_(None))
    return db.session.scalars(found.order_by(Automation.id).limit(MOST)).all()


def templates_offered() -> Sequence[Template]:
    return db.session.scalars(kept_templates().limit(MOST_OFFERED)).all()


def rewards_offered() -> Sequence[Reward]:
    return db.session.scalars(rewards(everything=False).limit(MOST_OFFERED)).all()


def today_here() -> dt.date:
    return clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()
