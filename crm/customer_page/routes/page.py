"""The page with everything: what is the customer's, and what they may do with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, request, url_for
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from crm.customer_page import access, codes, whole, wishes
from crm.customer_page.access import Visit
from crm.customer_page.door import shown
from crm.customer_page.own_forms import CodeForm, ProfileForm, RedeemForm, switched
from crm.customer_page.parts import parts_of
from crm.customer_page.routes.own import bp
from crm.customer_page.rules import Scope
from crm.kernel.csrf import without_referrer
from crm.kernel.errors import ConflictError, SentenceError
from crm.values.language import gettext as _
from crm.web.downloads import download
from crm.web.forms import new_key


@bp.get("/c/page")
def page() -> Response:
    return _page(access.by_session(Scope.PAGE))


@bp.post("/c/code")
@without_referrer
def send_code() -> AnyResponse:
    visit = access.by_session(Scope.PAGE)
    try:
        to = codes.send_code(visit.session_id, visit.customer.id)
    except codes.TooManyCodesError as error:
        raise TooManyRequests(str(error)) from None
    except codes.NoWayError as error:
        return _page(visit, 422, problem=str(error))
    return _done(_("We sent a code to %(to)s. It is good for 10 minutes.", to=to), request.form.get("for", ""))


@bp.post("/c/consent")
@without_referrer
def consent() -> AnyResponse:
    """Switch off at once, and on by a code."""
    visit = access.by_session(Scope.PAGE)
    names = wishes.switches()
    wanted, now = switched(request.form, names), {name for name in names if wishes.is_on(visit.customer, name)}
    customer_id = visit.customer.id
    if now - wanted:
        wishes.switch_off(customer_id, now - wanted)
    if not wanted - now:
        return _done(_("Saved."), "consent")
    return _by_code(visit, "consent", lambda code_id: wishes.switch_on(customer_id, wanted - now, code_id), _("Saved."))


@bp.post("/c/profile")
@without_referrer
def profile() -> AnyResponse:
    visit = access.by_session(Scope.PAGE)
    form = _profile(visit, is_sent=True)
    if not form.validate():
        return _page(visit, 422, profile=form)
    try:
        code_id = codes.check_code(visit.session_id, form.code.data)
        held = wishes.change_profile(visit.customer.id, form.contact_values(), code_id)
    except (codes.CodeError, ConflictError) as error:
        form.fail("code", str(error))
        return _page(access.by_session(Scope.PAGE), 422, profile=form)
    text = _("Saved. The shop looks at your new contact first, and takes it over then.") if held else _("Saved.")
    return _done(text, "profile")


@bp.post("/c/download")
@without_referrer
def ask_for_copy() -> AnyResponse:
    visit = access.by_session(Scope.PAGE)
    customer_id = visit.customer.id
    text = _("We sent you a link to the copy of your data. It opens for 24 hours.")
    return _by_code(visit, "download", lambda code_id: wishes.ask_for_copy(customer_id, code_id), text)


@bp.post("/c/erase")
@without_referrer
def ask_for_erasure() -> AnyResponse:
    visit = access.by_session(Scope.PAGE)
    customer_id = visit.customer.id
    text = _("We have your wish. The shop erases your data within 30 days.")
    return _by_code(visit, "erase", lambda code_id: wishes.ask_for_erasure(customer_id, code_id), text)


@bp.post("/c/bookings/<id:booking_id>/confirm")
@without_referrer
def confirm_booking(booking_id: int) -> AnyResponse:
    return _turn(wishes.confirm_booking, booking_id, _("Booking confirmed."))


@bp.post("/c/bookings/<id:booking_id>/cancel")
@without_referrer
def cancel_booking(booking_id: int) -> AnyResponse:
    return _turn(wishes.cancel_booking, booking_id, _("Booking canceled."))


@bp.post("/c/redeem")
@without_referrer
def redeem() -> AnyResponse:
    visit, form = access.by_session(Scope.PAGE), _redeem_form()
    try:
        voucher = wishes.redeem(visit.customer.id, form.reward_id, form.number, form.request_key())
    except (SentenceError, ValueError) as error:
        return _page(access.by_session(Scope.PAGE), 422, section="rewards", problem=str(error))
    text = _("%(name)s: show the code %(code)s at the counter.", name=voucher.name, code=voucher.shown_code)
    return _done(text, "vouchers")


@bp.get("/c/receipts/<id:receipt_id>")
def receipt(receipt_id: int) -> Response:
    visit = access.by_session(Scope.PAGE)
    found = whole.receipt_of(visit.customer.id, receipt_id)
    if found is None:
        access.refuse(counts=False)
    if found.pdf_key:
        return download(found.pdf_key, f"receipt-{found.id}.pdf", "application/pdf")
    return download(found.original_key, f"receipt-{found.id}.{found.kind}", "application/octet-stream")


def _by_code(visit: Visit, section: str, act: Callable[[int], Any], text: str) -> AnyResponse:
    """Do what needs a code; a code that is missing or wrong shows the page again."""
    form = _code_form()
    if not form.validate():
        return _page(visit, 422, section=section, problem=form.code.errors[0])
    try:
        act(codes.check_code(visit.session_id, form.code.data))
    except (codes.CodeError, codes.NoWayError) as error:
        return _page(access.by_session(Scope.PAGE), 422, section=section, problem=str(error))
    return _done(text, section)


def _turn(act: Callable[[int, int], Any], booking_id: int, text: str) -> AnyResponse:
    visit = access.by_session(Scope.PAGE)
    try:
        act(visit.customer.id, booking_id)
    except LookupError:
        access.refuse(counts=False)
    return _done(text, "bookings")


def _code_form() -> CodeForm:
    return CodeForm()


def _redeem_form() -> RedeemForm:
    return RedeemForm()


def _profile(visit: Visit, *, is_sent: bool) -> ProfileForm:
    return ProfileForm(visit.customer, visit.organization.phone_region, is_sent=is_sent)


def _page(visit: Visit, status: int = 200, *, section: str = "", problem: str = "", profile: Any = None) -> Response:
    return shown(
        "customer_page/page.html",
        status,
        visit=visit,
        page=whole.whole_of(visit.customer),
        parts=parts_of(visit.customer),
        profile=profile or _profile(visit, is_sent=False),
        section=section,
        problem=problem,
        key=new_key(),
    )


def _done(text: str, section: str) -> AnyResponse:
    flash(text, "success")
    anchor = section if section in SECTIONS else None
    return redirect(url_for("own_page.page", _anchor=anchor), 303)


SECTIONS = ("consent", "profile", "download", "erase", "bookings", "rewards", "vouchers")
