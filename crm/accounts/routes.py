"""Sign-in, sign-out and the organization switcher."""

from __future__ import annotations

from flask import Blueprint, abort, g, make_response, redirect, render_template, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from crm.accounts import services
from crm.accounts.forms import LoginForm
from crm.accounts.rules import return_path

bp = Blueprint("accounts", __name__)


@bp.route("/login", methods=["GET", "POST"])
def login() -> Response:
    """Sign in; the way back is `next`, on this site only."""
    form = LoginForm(next=request.args.get("next", "/"))
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                token = services.sign_in(form.username.data, form.password.data, request.remote_addr or "")
            except services.ThrottledError:
                status = 429
                form.fail("password", "Too many wrong passwords. Wait five minutes, then try again.")
            else:
                if token:
                    return _welcome(token, form.next.data)
                form.fail("password", "User name and password don't match. Check both, then try again.")
    elif services.installation_is_empty():
        return redirect(url_for("accounts.setup"), 303)
    return make_response(render_template("accounts/login.html", form=form), status)


@bp.post("/logout")
def logout() -> Response:
    """End the sign-in on the server."""
    services.sign_out(g.sign_in_id)
    session.clear()
    return redirect(url_for("accounts.login"), 303)


@bp.post("/organizations/<id:organization_id>/switch")
def switch(organization_id: int) -> Response:
    """Act in another organization of one's own."""
    if not services.switch(g.sign_in_id, current_user.id, organization_id):
        abort(404)
    return redirect("/", 303)


def _welcome(token: str, next_url: str | None) -> Response:
    session.clear()
    session["_user_id"] = token
    session["_fresh"] = True
    session.permanent = True
    return redirect(return_path(next_url or "/", request.host), 303)
