"""Badges in the JSON API."""

from __future__ import annotations

from typing import Any

from crm.accounts.access import find, here
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.badges import queries, schemas, services
from crm.badges.gifts import is_offered
from crm.badges.models import Badge
from crm.badges.rules import MAX_TARGET, Metric, Period, Picture, Reward
from crm.customers.api import find_customer
from crm.kernel.problems import InputProblem
from crm.values import money

bp = Resource("badges", "Badges", 46)


@bp.get("/badges/")
@bp.arguments(schemas.BadgeQuery, location="query")
@bp.response(200, page_of(schemas.Badge))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the badges by name."""
    return paging.numbered(queries.by_name(everything=bool(query.get("archived"))), query)


@bp.post("/badges/")
@bp.arguments(schemas.BadgeInput)
@bp.response(201, schemas.Badge)
def create(given: dict[str, Any]) -> Badge:
    """Add a badge.

    Without a period it counts all that ever was; customers who reach it already get it with their next visit or
    purchase. With one it counts from now.
    """
    return services.add(_columns(given, None))


@bp.get("/badges/<id:badge_id>/")
@bp.response(200, schemas.Badge)
def show(badge_id: int) -> Badge:
    """Read a badge."""
    return find(Badge, badge_id)


@bp.put("/badges/<id:badge_id>/")
@bp.arguments(schemas.BadgeInput)
@bp.response(200, schemas.Badge)
def replace(given: dict[str, Any], badge_id: int) -> Badge:
    """Change a badge; who has it keeps it."""
    return services.edit(badge_id, _columns(given, find(Badge, badge_id)))


@bp.patch("/badges/<id:badge_id>/")
@bp.arguments(schemas.BadgeChange)
@bp.response(200, schemas.Badge)
def change(given: dict[str, Any], badge_id: int) -> Badge:
    """Change some fields of a badge; who has it keeps it."""
    return services.edit(badge_id, _columns(given, find(Badge, badge_id)))


@bp.post("/badges/<id:badge_id>/archive/")
@bp.response(200, schemas.Badge)
def archive(badge_id: int) -> Badge:
    """Grant a badge no longer; who has it keeps it."""
    return services.archive(find(Badge, badge_id).id)


@bp.post("/badges/<id:badge_id>/restore/")
@bp.response(200, schemas.Badge)
def restore(badge_id: int) -> Badge:
    """Grant an archived badge again."""
    return services.restore(find(Badge, badge_id).id)


@bp.get("/customers/<id:customer_id>/badges/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.Grant))
def of_customer(query: dict[str, Any], customer_id: int) -> dict[str, Any]:
    """List the badges that a customer has, the latest first."""
    return paging.numbered(queries.grants_of(find_customer(customer_id).id), query)


def _columns(given: dict[str, Any], badge: Badge | None) -> dict[str, Any]:
    """Return the values by column; raises InputProblem for those that don't go together."""
    kinds: dict[str, Any] = {"metric": Metric, "period": Period, "reward": Reward, "picture": Picture}
    values = {name: kinds[name](value) if name in kinds else value for name, value in given.items()}
    if "voucher" in values:
        values["reward_id"] = values.pop("voucher")
    now = {name: getattr(badge, name, None) for name in ("metric", "period", "period_days", "reward", "points")}
    now |= {"reward_id": badge.reward_id if badge else None, **values}
    if "target" in values or ("metric" in values and badge is not None and badge.metric is not values["metric"]):
        values["target"] = _target(kinds["metric"](now["metric"]), values.get("target"))
    if now["period"] is Period.ROLLING and not now["period_days"]:
        raise InputProblem({"period_days": ["Send the number of days."]})
    if now["reward"] is Reward.POINTS and not now["points"]:
        raise InputProblem({"points": ["Send the number of points."]})
    keeps_it = badge is not None and badge.reward is Reward.VOUCHER and badge.reward_id == now["reward_id"]
    if now["reward"] is Reward.VOUCHER and not (now["reward_id"] and (keeps_it or is_offered(now["reward_id"]))):
        raise InputProblem({"voucher": ["No reward with this id is offered."]})
    if now["reward"] is not Reward.VOUCHER:
        values.pop("reward_id", None)
    return values


def _target(metric: Metric, typed: Any) -> int:
    if metric is Metric.SPEND:
        try:
            return money.from_json(typed, here().organization.currency)
        except (TypeError, money.MoneyError) as error:
            raise InputProblem({"target": [str(error)]}) from None
    number = int(typed) if isinstance(typed, int) or (isinstance(typed, str | float) and _is_whole(typed)) else 0
    if not 1 <= number <= MAX_TARGET:
        raise InputProblem({"target": [f"Send a whole number from 1 to {MAX_TARGET}."]})
    return number


def _is_whole(typed: str | float) -> bool:
    if isinstance(typed, float):
        return typed.is_integer()
    return typed.isascii() and typed.isdecimal() and len(typed) <= len(str(MAX_TARGET))
