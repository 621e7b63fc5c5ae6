"""API of rewards, redemptions and vouchers."""

from __future__ import annotations

from typing import Any

from flask import Response
from wtforms import ValidationError

from crm.accounts.access import find, here, may
from crm.accounts.queries import branch_names
from crm.accounts.throttle import ThrottledError
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import page_of
from crm.customers.api import find_customer
from crm.customers.rules import Tier
from crm.invoices.models import Invoice
from crm.kernel import problems
from crm.kernel.branch_scope import bound_branch
from crm.kernel.errors import ConflictError, FieldError
from crm.kernel.extensions import db
from crm.kernel.problems import InputProblem
from crm.loyalty.services import PointsError
from crm.rewards import catalogue, guesses, queries, services
from crm.rewards import schemas as schemas
from crm.rewards.forms import percentage
from crm.rewards.models import Reward, Voucher
from crm.rewards.queries import VoucherFilter
from crm.rewards.refusals import CodeError, UseError, no_such_code
from crm.rewards.rules import MAX_DETAILS, Period, RewardKind, VoucherState
from crm.values import money
from crm.values.text import clean_line, shorten

bp = Resource("rewards", "Rewards", 45)


@bp.get("/rewards/")
@bp.arguments(schemas.RewardQuery, location="query")
@bp.response(200, page_of(schemas.Reward))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the rewards that are offered, the cheapest first."""
    return paging.numbered(queries.rewards(everything=bool(query.get("archived"))), query)


@bp.post("/rewards/")
@bp.arguments(schemas.RewardInput)
@bp.response(201, schemas.Reward)
def create(given: dict[str, Any]) -> Reward:
    """Add a reward."""
    return catalogue.add(_columns(given))


@bp.get("/rewards/<id:reward_id>/")
@bp.response(200, schemas.Reward)
def show(reward_id: int) -> Reward:
    """Read a reward."""
    return find(Reward, reward_id)


@bp.put("/rewards/<id:reward_id>/")
@bp.arguments(schemas.RewardInput)
@bp.response(200, schemas.Reward)
def replace(given: dict[str, Any], reward_id: int) -> Reward:
    """Change a reward; vouchers that were issued stay as they are."""
    return catalogue.edit(reward_id, _columns(given, find(Reward, reward_id)))


@bp.patch("/rewards/<id:reward_id>/")
@bp.arguments(schemas.RewardChange)
@bp.response(200, schemas.Reward)
def change(given: dict[str, Any], reward_id: int) -> Reward:
    """Change some fields of a reward; vouchers that were issued stay as they are."""
    return catalogue.edit(reward_id, _columns(given, find(Reward, reward_id)))


@bp.post("/rewards/<id:reward_id>/archive/")
@bp.response(200, schemas.Reward)
def archive(reward_id: int) -> Reward:
    """Offer a reward no longer; its vouchers stay good."""
    return catalogue.archive(find(Reward, reward_id).id)


@bp.post("/rewards/<id:reward_id>/restore/")
@bp.response(200, schemas.Reward)
def restore(reward_id: int) -> Reward:
    """Offer an archived reward again."""
    return catalogue.restore(find(Reward, reward_id).id)


@bp.post("/customers/<id:customer_id>/redemptions/")
@bp.arguments(schemas.RedemptionInput)
@bp.response(201, schemas.Voucher)
def redeem(given: dict[str, Any], customer_id: int) -> Voucher:
    """Take a customer's points for a reward, and issue its voucher.

    A reward that is not open to the customer, or too few points, is a conflict with the reason.
    """
    customer = find_customer(customer_id)
    reward = db.session.get(Reward, given["reward"])
    if reward is None:
        raise InputProblem({"reward": ["There is no reward with this id."]})
    try:
        return services.redeem(customer.id, reward.id, given.get("points"), source="API", branch_id=here().branch_id)
    except FieldError as error:
        raise InputProblem({error.field: [str(error)]}) from None
    except PointsError as error:
        raise ConflictError(str(error)) from None


@bp.get("/vouchers/")
@bp.arguments(schemas.VoucherQuery, location="query")
@bp.response(200, page_of(schemas.Voucher))
def vouchers(query: dict[str, Any]) -> dict[str, Any]:
    """List vouchers, the latest first, or find one by its code."""
    state = query.get("state")
    wanted = VoucherFilter(state=VoucherState(state) if state else None, customer=query.get("customer"))
    statement = queries.with_all(wanted.statement())
    if "code" in query:
        found = guesses.look(query["code"])
        if found is None:
            guesses.count_wrong()
        statement = statement.where(Voucher.id == (found.id if found else 0))
    return paging.numbered(statement, query)


@bp.get("/vouchers/<id:voucher_id>/")
@bp.response(200, schemas.Voucher)
def voucher(voucher_id: int) -> Voucher:
    """Read a voucher."""
    return find(Voucher, voucher_id)


@bp.post("/vouchers/use/")
@bp.arguments(schemas.UseInput)
@bp.response(200, schemas.Voucher)
@bp.alt_response(404, description="No voucher has the code.")
def use(given: dict[str, Any]) -> Voucher:
    """Use a voucher by its code.

    One that was used before is a conflict that says who used it, when and where: `used_at`, `used_by`, `branch`. A
    code that no voucher has is not found; after ten such codes in a minute the answer is 429.
    """
    branch_id = _branch(given.get("branch"))
    invoice_id = given.get("invoice")
    if invoice_id is not None and db.session.get(Invoice, invoice_id) is None:
        raise InputProblem({"invoice": ["There is no invoice with this id."]})
    found = guesses.look(given["code"])
    if found is None:
        # Counted by the handler below: what a request with an Idempotency-Key does is undone where it fails.
        raise no_such_code()
    return services.use(found.id, branch_id=branch_id, invoice_id=invoice_id)


@bp.post("/vouchers/<id:voucher_id>/undo_use/")
@bp.response(200, schemas.Voucher)
def undo_use(voucher_id: int) -> Voucher:
    """Take the use of a voucher back: by whoever used it for 15 minutes, by managers at any time."""
    return services.undo_use(find(Voucher, voucher_id).id, is_manager=may("manager"))


@bp.post("/vouchers/<id:voucher_id>/cancel/")
@bp.response(200, schemas.Voucher)
def cancel(voucher_id: int) -> Voucher:
    """Take a redemption back: the voucher is void, and its points return. A used or expired one is a conflict."""
    return services.cancel(find(Voucher, voucher_id).id, source="API")


@bp.errorhandler(UseError)
def _used(error: UseError) -> Response:
    used_at = error.used_at.isoformat().replace("+00:00", "Z")
    told = {"used_at": used_at, "used_by": error.used_by, "branch": error.branch_id, "branch_name": error.branch}
    return problems.answer(409, str(error), more=told)


@bp.errorhandler(CodeError)
def _wrong_code(error: CodeError) -> Response:
    try:
        guesses.count_wrong()
    except ThrottledError as throttled:
        return _wait(throttled)
    return problems.answer(404, str(error))


@bp.errorhandler(ThrottledError)
def _throttled(error: ThrottledError) -> Response:
    return _wait(error)


def _wait(error: ThrottledError) -> Response:
    answer = problems.answer(429, str(error))
    answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _columns(given: dict[str, Any], reward: Reward | None = None) -> dict[str, Any]:
    """Return the values by column; raises InputProblem."""
    values = {name: value for name, value in given.items() if name != "value"}
    if "kind" in values:
        values["kind"] = RewardKind(values["kind"])
    if "per_period" in values:
        values["per_period"] = Period(values["per_period"])
    if "minimum_tier" in values:
        values["minimum_tier"] = Tier(values["minimum_tier"]) if values["minimum_tier"] else None
    if "branches" in values:
        values["branches"] = _branches(values["branches"])
    kind = values.get("kind") or (reward.kind if reward else RewardKind.OTHER)
    if "value" in given or reward is None or kind is not reward.kind:
        values |= _value(kind, given.get("value"))
    _check_dates(values, reward)
    return values


def _value(kind: RewardKind, value: Any) -> dict[str, Any]:
    try:
        if kind is RewardKind.AMOUNT_OFF:
            return {"value": money.from_json("" if value is None else value, here().organization.currency)}
        if kind is RewardKind.PERCENT_OFF:
            return {"value": percentage(str(value)), "details": ""}
    except (money.MoneyError, ValidationError) as error:
        raise InputProblem({"value": [str(error)]}) from None
    details = clean_line("" if value is None else str(value))
    if len(details) > MAX_DETAILS:
        raise InputProblem({"value": [shorten("this", len(details) - MAX_DETAILS, MAX_DETAILS)]})
    return {"value": None, "details": details}


def _check_dates(values: dict[str, Any], reward: Reward | None) -> None:
    starts_on, ends_on = (values.get(name, getattr(reward, name, None)) for name in ("starts_on", "ends_on"))
    if starts_on and ends_on and ends_on < starts_on:
        raise InputProblem({"ends_on": ["Enter an end that is not before the beginning."]})


def _branches(ids: list[int]) -> list[int]:
    if set(ids) - set(dict(branch_names())):
        raise InputProblem({"branches": ["There is no branch with this id."]})
    return sorted(set(ids))


def _branch(asked: int | None) -> int | None:
    """Return the branch where a voucher is used; one who is bound to a branch uses it there."""
    if asked is None:
        return here().branch_id
    if asked not in dict(branch_names()) or bound_branch() not in (None, asked):
        raise InputProblem({"branch": ["There is no branch with this id."]})
    return asked
