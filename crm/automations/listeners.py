"""Occasions that come with what customers do."""

from __future__ import annotations

from typing import Any

from crm.automations.models import Automation
from crm.automations.rules import Occasion
from crm.automations.services import give_for_event
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.loyalty.signals import tier_reached
from crm.visits.signals import visited


@visited.connect
def count_visit(customer: Customer, number: int, is_further: bool, **kwargs: Any) -> None:
    """Give for the n-th visit when there never were so many: one that is voided and entered again gives nothing."""
    if is_further:
        give_for_event(customer, Occasion.VISIT, f"visit:{number}", lambda each: each.days == number)


@tier_reached.connect
def rise(customer: Customer, new: Tier, **kwargs: Any) -> None:
    """Give for a tier once, however often it is reached."""

    def is_for_it(automation: Automation) -> bool:
        return automation.tier in (None, new)

    give_for_event(customer, Occasion.TIER, f"tier:{new}", is_for_it)
