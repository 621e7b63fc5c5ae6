"""Pages of vouchers: the list, one by its code, and its use in one tap."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response, redirect, request, url_for
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import throttle
from crm.accounts.access import find, here, may
from crm.customers.models import Customer
from crm.kernel.idempotency import RequestKey
from crm.rewards import codes, guesses, queries, services
from crm.rewards.models import Voucher
from crm.rewards.queries import VoucherFilter
from crm.rewards.refusals import CodeError
from crm.rewards.routes import bp as bp
from crm.rewards.routes import changed
from crm.rewards.rules import VoucherState
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.web.filters import number, today
from crm.web.forms import fingerprint, new_key
from crm.web.htmx import respond
from crm.web.lists import Page
from crm.web.qr import qr_code
from crm.web.security import public_url

WITH_ALL = (
    joinedload(Voucher.customer),
    joinedload(Voucher.reward),
    joinedload(Voucher.used_by),
    joinedload(Voucher.issued_by),
)


@bp.get("/vouchers")
def vouchers() -> Response:
    page = queries.vouchers_page(VoucherFilter.from_args(request.args), request.args.get("page", 1, type=int))
    return _list(page)


@bp.get("/vouchers/find")
def find_voucher() -> AnyResponse:
    """Lead to the voucher with the code, which a person typed or a camera read."""
    code = request.args.get("code", "")
    if not code.strip():
        return redirect(url_for("rewards.vouchers"), 303)
    try:
        found = guesses.find(code)
    except CodeError as error:
        return _list(queries.vouchers_page(VoucherFilter(), 1), 404, code=code[: codes.LONGEST_TYPED], wrong=str(error))
    except throttle.ThrottledError as error:
        answer = _list(queries.vouchers_page(VoucherFilter(), 1), 429, wrong=str(error))
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    return redirect(url_for("rewards.voucher", voucher_id=found.id), 303)


def address_of(code: str) -> str:
    """Return what the QR code holds: the address that leads staff to the voucher, whatever camera reads it."""
    return public_url(f"/vouchers/find?{urlencode({'code': code})}")


@bp.get("/vouchers/<id:voucher_id>")
def voucher(voucher_id: int) -> Response:
    found = find(Voucher, voucher_id, *WITH_ALL)
    context: dict[str, Any] = {"voucher": found, "today": today(), "key": new_key()}
    context |= {
        "branches": queries.branches_of([found]),
        "qr": qr_code(address_of(found.code), _("QR code of the voucher")),
    }
    context["may_undo"] = services.may_undo(found, is_manager=may("manager"))
    return respond("rewards/voucher.html", "rewards/_voucher.html", **context)


@bp.get("/customers/<id:customer_id>/vouchers")
def of_customer(customer_id: int) -> Response:
    customer = find(Customer, customer_id)
    data = queries.panel_data(customer, queries.PAGE_SIZE if "all" in request.args else queries.PANEL_SIZE)
    return respond("rewards/of_customer.html", "rewards/_panel.html", customer=customer, data=data)


@bp.post("/vouchers/<id:voucher_id>/use")
def use(voucher_id: int) -> AnyResponse:
    found = find(Voucher, voucher_id)
    key = request.form.get("idempotency_key", "").strip()[:100]
    request_key = RequestKey(key, fingerprint(request.form.items(multi=True), request.files)) if key else None
    used = services.use(found.id, branch_id=here().branch_id, request_key=request_key)
    text = _("%(reward)s of %(name)s is used.", reward=used.name, name=used.customer.name)
    return changed(used, text, undo=url_for("rewards.undo_use", voucher_id=voucher_id))


@bp.post("/vouchers/<id:voucher_id>/use/delete")
def undo_use(voucher_id: int) -> AnyResponse:
    found = services.undo_use(find(Voucher, voucher_id).id, is_manager=may("manager"))
    return changed(found, _("%(reward)s of %(name)s can be used again.", reward=found.name, name=found.customer.name))


@bp.post("/vouchers/<id:voucher_id>/cancel")
def cancel(voucher_id: int) -> AnyResponse:
    found = services.cancel(find(Voucher, voucher_id).id)
    text = _("Voucher %(code)s canceled.", code=found.shown_code)
    if found.points:
        count = number(found.points)
        text += " " + ngettext("%(num)s point returned.", "%(num)s points returned.", found.points, num=count)
    return changed(found, text)


def _list(page: Page[Voucher], status: int = 200, **context: Any) -> Response:
    shown = {"page": page, "states": list(VoucherState), "today": today(), "key": new_key()}
    shown |= {"branches": queries.branches_of(page.rows), "has_any": bool(page.rows) or queries.has_vouchers()}
    return respond("rewards/vouchers.html", "rewards/_vouchers.html", status, **shown, **context)
