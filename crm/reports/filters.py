"""Filters of the list of customers by their scores, which the figures of reports link to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crm.analytics import cohorts
from crm.analytics.rfm import Group
from crm.customers.further_filters import amount_in, amount_words
from crm.customers.models import Customer
from crm.kernel.manifest import CustomerFilter
from crm.reports.models import CustomerScore
from crm.reports.words import GROUPS
from crm.values import clock
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _

Given = Mapping[str, str]
Condition = sa.ColumnElement[bool]


def with_score(*conditions: Condition) -> Condition:
    """Return the condition of customers whose score meets the conditions."""
    return Customer.id.in_(sa.select(CustomerScore.customer_id).where(*conditions))


def without_score() -> Condition:
    """Return the condition of those who never bought: they have no score."""
    return ~sa.select(CustomerScore.id).where(CustomerScore.customer_id == Customer.id).correlate(Customer).exists()


def came_in(month: int) -> Condition:
    """Return the condition of scores of customers with a purchase day in a calendar month after their first one."""
    return CustomerScore.months.bitwise_and(1 << month) != 0


def _of_group(value: str, given: Given) -> Condition:
    return without_score() if value == Group.PROSPECTS else with_score(CustomerScore.rfm_group == value)


def _of_scores(value: str, given: Given) -> Condition:
    r, fm = map(int, value.split("-"))
    return with_score(CustomerScore.r == r, (CustomerScore.f + CustomerScore.m).in_((2 * fm - 1, 2 * fm)))


def _of_buyers(value: str, given: Given) -> Condition:
    return with_score()


def _of_slipping(value: str, given: Given) -> Condition:
    return with_score(CustomerScore.is_slipping.is_(True))


def _of_cohort(value: str, given: Given) -> Condition:
    return with_score(CustomerScore.cohort == value)


def _of_month(value: str, given: Given) -> Condition:
    return with_score(CustomerScore.cohort == given["cohort"], came_in(int(value)))


def _of_within(value: str, given: Given) -> Condition:
    return with_score(CustomerScore.cohort == given["cohort"], CustomerScore.back_after <= int(value))


def _of_value(value: str, given: Given) -> Condition:
    return with_score(CustomerScore.expected >= (amount_in(value) or 0))


def _groups() -> Sequence[tuple[str, str]]:
    return [(group.value, str(label)) for group, label in GROUPS.items()]


def _slipping() -> Sequence[tuple[str, str]]:
    return [("1", _("Yes"))]


def _group(value: str) -> str | None:
    return str(GROUPS[Group(value)]) if value in list(Group) else None


def _scores(value: str) -> str | None:
    return "R{} FM{}".format(*value.split("-")) if re.fullmatch(r"[1-5]-[1-5]", value, re.ASCII) else None


def _yes(value: str) -> str | None:
    return _("Yes") if value == "1" else None


def _cohort(value: str) -> str | None:
    is_month = re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", value, re.ASCII)
    return clock.say_month(value) if is_month else None


def _month(value: str) -> str | None:
    if not re.fullmatch(r"\d{1,2}", value, re.ASCII) or int(value) > cohorts.LAST_MONTH:
        return None
    return ngettext("%(num)s month later", "%(num)s months later", int(value), num=int(value))


def _within(value: str) -> str | None:
    known = value in map(str, cohorts.WITHIN)
    return ngettext("within %(num)s day", "within %(num)s days", int(value), num=int(value)) if known else None


FILTERS = (
    CustomerFilter("rfm", N_("Group"), N_("group"), _group, _of_group, choices=_groups),
    CustomerFilter("scores", N_("Scores"), N_("pair of scores"), _scores, _of_scores),
    CustomerFilter("buyers", N_("Has bought"), N_("view"), _yes, _of_buyers),
    CustomerFilter("slipping", N_("Slipping"), N_("view"), _yes, _of_slipping, choices=_slipping),
    CustomerFilter("cohort", N_("First purchase"), N_("month"), _cohort, _of_cohort),
    CustomerFilter("month", N_("Came back"), N_("month"), _month, _of_month, of="cohort"),
    CustomerFilter("within", N_("Came back"), N_("number of days"), _within, _of_within, of="cohort"),
    CustomerFilter("value", N_("Expected in 12 months"), N_("amount"), amount_words, _of_value, is_typed=True),
)
