"""Sign-in, sign-out and the organization switcher."""

from __future__ import annotations

from flask import Response, abort, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import acting, services, sign_ins
from crm.accounts.access import asks_to_sign_in, has_organization, organizations_of, signed_in
from crm.accounts.current_password import status_of
from crm.accounts.devices import device_of, remember, unknown_browser
from crm.accounts.forms import LoginForm
from crm.accounts.kept import Kept, of_request
from crm.accounts.routes.blueprint import bp
from crm.accounts.rules import normalize_username, return_path
from crm.kernel.errors import SentenceError
from crm.kernel.manifest import catalog
from crm.web.htmx import wants_fragment


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
    target = return_path(form.next.data or "/", request.host)
    kept = Kept.read(form.kept.data or "")
    if not form.validate():
        if kept is None and _is_signed_in_as(form.username.data or ""):
            # Another tab signed in meanwhile.
            return redirect(target, 303)
        return _page(form, status=422)
    try:
        user_id = check_password(form.username.data, form.password.data)
        place = kept.organization_for(user_id) if kept else None
        # A user without an organization may sign in to accept an invitation.
        nowhere, browser = target.startswith("/invitations/"), unknown_browser(form.username.data)
        token = sign_ins.sign_in(user_id, place, nowhere=nowhere, browser=browser)
        return welcome(form.username.data, token, target, kept)
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


@asks_to_sign_in
def ask_to_sign_in() -> AnyResponse:
    if "_user_id" in session:
        logout_user()
    back = return_path(_asked_for(), request.host)
    target = url_for("accounts.login", next=back)
    if wants_fragment():
        return Response(status=401, headers={"HX-Redirect": target})
    sent = of_request()
    if sent is None:
        return redirect(target, 303)
    return _page(LoginForm(formdata=None, next=back, kept=sent.signed()), 401)


def check_password(username: str, password: str) -> int:
    return sign_ins.authenticate(username, password, request.remote_addr or "", device_of(username))


def welcome(username: str, token: str, location: str, kept: Kept | None = None) -> AnyResponse:
    """Start a new session with this sign-in, and lead on or offer what was kept; the browser's former session ends."""
    if current_user.is_authenticated:
        sign_ins.sign_out(signed_in().sign_in_id)
    session.clear()
    session["_user_id"] = token
    session.permanent = True
    found = acting.by_sign_in(token) if kept else None
    if found is None:
        response: AnyResponse = redirect(location, 303)
    else:
        response = make_response(render_template("accounts/kept.html", kept=kept, found=found, location=location))
    remember(response, username)
    return response


def _asked_for() -> str:
    if wants_fragment():
        return request.headers.get("HX-Current-URL", "/")
    if request.method == "GET":
        return request.full_path.rstrip("?")
    return request.headers.get("Referer", "/")


def _is_signed_in_as(username: str) -> bool:
    return current_user.is_authenticated and signed_in().user.username == normalize_username(username)


def _page(form: LoginForm, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    kept = Kept.read(form.kept.data or "")
    links = [link for link in catalog().sign_in_links if link.is_shown()]
    page = render_template("accounts/login.html", form=form, kept=kept, links=links)
    return Response(page, status, headers, mimetype="text/html")
