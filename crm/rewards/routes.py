"""Pages of rewards, and the redemption of points."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find, here
from crm.accounts.queries import branch_names
from crm.customers.models import Customer
from crm.kernel.errors import FieldError
from crm.kernel.idempotency import KeyReusedError
from crm.loyalty import queries as loyalty
from crm.loyalty.services import PointsError
from crm.rewards import catalogue, queries, services
from crm.rewards.forms import RedemptionForm, RewardForm
from crm.rewards.models import Reward, Voucher
from crm.rewards.queries import RewardFilter
from crm.rewards.refusals import RewardError
from crm.rewards.rules import RewardKind
from crm.values.language import gettext as _
from crm.web.forms import Form
from crm.web.htmx import done, respond

bp = Blueprint("rewards", __name__)


@bp.get("/rewards")
def index() -> Response:
    page = queries.rewards_page(RewardFilter.from_args(request.args), request.args.get("page", 1, type=int))
    context: dict[str, Any] = {"page": page, "shown": queries.SHOWN, "branches": dict(branch_names())}
    return respond("rewards/index.html", "rewards/_list.html", **context)


@bp.route("/rewards/new", methods=["GET", "POST"])
def new() -> AnyResponse:
    form = RewardForm()
    if form.validate_on_submit():
        try:
            reward = catalogue.add(form.values(), form.request_key())
        except KeyReusedError as error:
            form.refuse("name", error)
        else:
            return _saved(_("%(name)s added.", name=reward.name))
    return _window(form)


@bp.route("/rewards/<id:reward_id>/edit", methods=["GET", "POST"])
def edit(reward_id: int) -> AnyResponse:
    form = RewardForm(find(Reward, reward_id))
    if form.validate_on_submit():
        return _saved(_("%(name)s saved.", name=catalogue.edit(reward_id, form.values()).name))
    return _window(form)


@bp.post("/rewards/<id:reward_id>/archive")
def archive(reward_id: int) -> AnyResponse:
    reward = catalogue.archive(find(Reward, reward_id).id)
    return _saved(_("%(name)s archived.", name=reward.name), undo=url_for("rewards.restore", reward_id=reward_id))


@bp.post("/rewards/<id:reward_id>/restore")
def restore(reward_id: int) -> AnyResponse:
    return _saved(_("%(name)s restored.", name=catalogue.restore(find(Reward, reward_id).id).name))


@bp.route("/customers/<id:customer_id>/redemptions/new", methods=["GET", "POST"])
def redeem(customer_id: int) -> AnyResponse:
    customer = find(Customer, customer_id)
    form = RedemptionForm(queries.open_to(customer, here().branch_id))
    if form.validate_on_submit():
        try:
            voucher = services.redeem(
                *(customer_id, form.chosen.id, form.number, form.request_key()),
                branch_id=here().branch_id,
                at_once=bool(form.at_once.data),
            )
        except FieldError as error:
            form.fail("points", str(error))
        except (RewardError, PointsError, KeyReusedError) as error:
            form.refuse("reward", error)
        else:
            return changed(voucher, _issued(voucher))
    status = 422 if form.is_submitted() else 200
    context: dict[str, Any] = {"form": form, "customer": customer, "points_come_back": services.points_come_back()}
    return respond("rewards/redeem.html", "rewards/_redeem.html", status, **context)


def changed(voucher: Voucher, message: str, *, undo: str | None = None) -> AnyResponse:
    """Answer a change of a voucher: the customer's page shows the points at once, the rest asks for itself."""
    customer = find(Customer, voucher.customer_id)
    location = url_for("rewards.voucher", voucher_id=voucher.id)
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    context: dict[str, Any] = {"customer": customer, "is_here": path == _page_of(customer)}
    if context["is_here"]:
        context["points_data"] = loyalty.panel_data(customer)
    return done(message, location, "rewards/changed.htmx.html", undo=undo, show=location, **context)


def _page_of(customer: Customer) -> str:
    return url_for("customers.show", customer_id=customer.id)


def _issued(voucher: Voucher) -> str:
    if voucher.used_at is not None:
        return _("%(reward)s for %(name)s: redeemed and used.", reward=voucher.name, name=voucher.customer.name)
    return _(
        "%(reward)s for %(name)s: voucher %(code)s.",
        reward=voucher.name,
        name=voucher.customer.name,
        code=voucher.shown_code,
    )


def _window(form: RewardForm) -> Response:
    context: dict[str, Any] = {"form": form, "reward": form.reward, "kinds": RewardKind}
    return respond("rewards/form.html", "rewards/_form.html", _status(form), **context)


def _saved(message: str, undo: str | None = None) -> AnyResponse:
    return done(message, url_for("rewards.index"), "rewards/saved.htmx.html", undo=undo)


def _status(form: Form) -> int:
    return 422 if form.is_submitted() else 200
