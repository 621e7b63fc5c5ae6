"""Sign-in, sign-out and the organization switcher."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import services, sign_ins, throttle
from crm.accounts.access import has_organization, organizations_of, signed_in
from crm.accounts.devices import device_of, remember
from crm.accounts.forms import LoginForm
from crm.accounts.routes.blueprint import bp
from crm.accounts.rules import normalize_username, return_path
from crm.kernel.errors import SentenceError


@bp.get("/login")
def login() -> AnyResponse:
    target = request.args.get("next", "/")
    if current_user.is_authenticated:
        return redirect(return_path(target, request.host), 303)
    if services.installation_is_empty():
        return redirect(url_for("accounts.setup"), 303)
    return _page(LoginForm(next=target))


@bp.post("/login")
def start() -> AnyResponse:
    form = LoginForm()
    if not form.validate():
        if _is_signed_in_as(form.username.data or ""):
            # Another tab signed in meanwhile.
            return redirect(return_path(form.next.data or "/", request.host), 303)
        return _page(form, status=422)
    try:
        user_id = check_password(form.username.data, form.password.data)
        target = return_path(form.next.data or "/", request.host)
        # A user without an organization may sign in to accept an invitation.
        token = sign_ins.sign_in(user_id, nowhere=target.startswith("/invitations/"))
        return welcome(form.username.data, token, target)
    except SentenceError as error:
        form.fail("password", str(error))
        return _page(form, **status_of(error))


@bp.post("/logout")
def logout() -> AnyResponse:
    sign_ins.sign_out(signed_in().sign_in_id)
    session.clear()
    target = request.form.get("next")
    return redirect(return_path(target, request.host) if target else url_for("accounts.login"), 303)


@bp.get("/organizations")
def organizations() -> Response:
    """Ask where to work: the user may have been disabled in the browser's organization."""
    user, acts_nowhere = signed_in().user, not has_organization()
    page = render_template(
        "accounts/organizations.html", mine=organizations_of(user.id), user=user, acts_nowhere=acts_nowhere
    )
    return Response(page, mimetype="text/html")


@bp.post("/organizations/<id:organization_id>/switch")
def switch(organization_id: int) -> AnyResponse:
    if not sign_ins.switch(signed_in().sign_in_id, signed_in().user.id, organization_id):
        abort(404)
    return redirect("/", 303)


def check_password(username: str, password: str) -> int:
    return sign_ins.authenticate(username, password, request.remote_addr or "", device_of(username))


def welcome(username: str, token: str, location: str) -> AnyResponse:
    """Start a new session with this sign-in; the browser's former one ends."""
    if current_user.is_authenticated:
        sign_ins.sign_out(signed_in().sign_in_id)
    session.clear()
    session["_user_id"] = token
    session.permanent = True
    response = redirect(location, 303)
    remember(response, username)
    return response


def status_of(error: SentenceError) -> dict[str, Any]:
    if isinstance(error, throttle.ThrottledError):
        return {"status": 429, "headers": {"Retry-After": str(error.seconds)}}
    return {"status": 422}


def _is_signed_in_as(username: str) -> bool:
    return current_user.is_authenticated and signed_in().user.username == normalize_username(username)


def _page(form: LoginForm, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(render_template("accounts/login.html", form=form), status, headers, mimetype="text/html")
