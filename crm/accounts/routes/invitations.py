"""The pages of an invitation's link, for signed-in and other visitors."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, redirect, render_template, request
from flask_login import current_user
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import invitations, queries, sign_ins, throttle
from crm.accounts.access import signed_in
from crm.accounts.current_password import status_of
from crm.accounts.devices import unknown_browser
from crm.accounts.forms import JoinForm
from crm.accounts.invitations import Offer
from crm.accounts.routes.blueprint import bp
from crm.accounts.routes.sign_in import check_password, welcome
from crm.accounts.rules import normalize_username
from crm.kernel.csrf import form_is_stale
from crm.kernel.errors import ConflictError, SentenceError
from crm.values.language import gettext as _


@bp.get("/invitations/<token>")
def invitation(token: str) -> Response:
    return _page(_offer(token), JoinForm(formdata=None))


@bp.post("/invitations/<token>")
def accept_invitation(token: str) -> AnyResponse:
    """Join as the signed-in user, as a user who gives their password, or as a new one."""
    offer = _offer(token)
    form = JoinForm(offer.slug, offer.organization)
    try:
        if current_user.is_authenticated:
            return _join(token, offer, form)
        if not form.validate():
            return _page(offer, form, 422)
        return _join_signed_out(token, offer, form)
    except invitations.EndedError as error:
        abort(404, str(error))


def _join(token: str, offer: Offer, form: JoinForm) -> AnyResponse:
    user, sign_in_id = signed_in()
    typed = normalize_username(form.username.data or "")
    if form_is_stale() or (typed and typed != user.username):
        # The page is older than the present sign-in: it was meant for another user.
        return _page(offer, JoinForm(formdata=None), 422, str(JoinForm.stale))
    try:
        invitations.accept(token, user.id)
    except ConflictError as error:
        return _page(offer, JoinForm(formdata=None), 409, str(error))
    sign_ins.switch(sign_in_id, user.id, offer.organization_id)
    flash(_("Welcome to %(organization)s.", organization=offer.organization), "success")
    return redirect("/", 303)


def _join_signed_out(token: str, offer: Offer, form: JoinForm) -> AnyResponse:
    username, password = form.username.data, form.password.data
    try:
        user_id = invitations.accept_as_new(token, username, password)
    except invitations.UsernameTakenError as taken:
        try:
            user_id = check_password(username, password)
            invitations.accept(token, user_id)
        except sign_ins.SignInError:
            form.fail("username", str(taken))
            return _page(offer, form, 422)
        except SentenceError as error:
            form.fail("username", str(error))
            return _page(offer, form, **status_of(error))
    token_of_sign_in = sign_ins.sign_in(user_id, offer.organization_id, browser=unknown_browser(username))
    response = welcome(username, token_of_sign_in, "/")
    flash(_("Welcome to %(organization)s.", organization=offer.organization), "success")
    return response


def _offer(token: str) -> Offer:
    try:
        return invitations.offer_of(token)
    except invitations.EndedError as error:
        try:
            throttle.count_wrong_link("invitation", request.remote_addr or "")
        except throttle.ThrottledError as throttled:
            raise TooManyRequests(str(throttled), retry_after=throttled.seconds) from None
        abort(404, str(error))


def _page(
    offer: Offer, form: JoinForm, status: int = 200, problem: str = "", headers: dict[str, Any] | None = None
) -> Response:
    user = signed_in().user if current_user.is_authenticated else None
    page = render_template(
        "accounts/invitation.html",
        offer=offer,
        form=form,
        user=user,
        problem=problem,
        works_there=user is not None and queries.works_in(user.id, offer.organization_id),
    )
    response = Response(page, status, headers, mimetype="text/html")
    # The address is a secret: don't send it as a referrer, not even to our own pages.
    response.headers["Referrer-Policy"] = "strict-origin"
    return response
