"""A new password for who forgot theirs: asking for a link, and the page behind it."""

from __future__ import annotations

from flask import Response, abort, flash, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import organizations_of
from crm.accounts.models import User
from crm.user_mail import resets
from crm.user_mail.forms import ForgottenForm, NewPasswordForm
from crm.user_mail.links import LinkEndedError
from crm.user_mail.routes.blueprint import bp
from crm.user_mail.routes.by_link import count, page, refuse
from crm.values.language import gettext as _


@bp.get("/password/forgotten")
def forgotten() -> Response:
    if "asked" in request.args:
        return page("user_mail/asked.html")
    return page("user_mail/forgotten.html", form=ForgottenForm(formdata=None), can_reset=resets.can_reset())


@bp.post("/password/forgotten")
def ask() -> AnyResponse:
    """Answer the same, and as soon, whoever is meant."""
    form = ForgottenForm()
    if not form.validate():
        return page("user_mail/forgotten.html", 422, form=form, can_reset=resets.can_reset())
    if not resets.can_reset():
        abort(404)
    count("forgotten")
    resets.ask(form.who.data)
    return redirect(url_for("user_mail.forgotten", asked=1), 303)


@bp.get("/password/new/<reset_token>")
def new_password(reset_token: str) -> Response:
    """Show a form: programs that look into mail open every link, so this changes nothing."""
    user = _user_of(reset_token)
    return page("user_mail/new_password.html", form=NewPasswordForm(*_names(user), formdata=None), user=user)


@bp.post("/password/new/<reset_token>")
def set_password(reset_token: str) -> AnyResponse:
    user = _user_of(reset_token)
    form = NewPasswordForm(*_names(user))
    if not form.validate():
        return page("user_mail/new_password.html", 422, form=form, user=user)
    try:
        resets.set_password(reset_token, form.password.data)
    except LinkEndedError as error:
        refuse("reset", error)
    session.clear()
    flash(_("Password changed. Sign in with the new one."), "success")
    return redirect(url_for("accounts.login"), 303)


def _user_of(token: str) -> User:
    try:
        return resets.find_user(token)
    except LinkEndedError as error:
        refuse("reset", error)


def _names(user: User) -> list[str]:
    """Return what may not be in the password."""
    return [user.username, *(name for found in organizations_of(user.id) for name in (found.slug, found.name))]
