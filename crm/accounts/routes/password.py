"""One's own password."""

from __future__ import annotations

from flask import Response, flash
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import members, sign_ins
from crm.accounts.access import here
from crm.accounts.current_password import check_current, status_of
from crm.accounts.forms import PasswordForm
from crm.accounts.routes.blueprint import bp
from crm.accounts.routes.sign_in import welcome
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _
from crm.web.htmx import respond


@bp.route("/account/password", methods=["GET", "POST"])
def password() -> AnyResponse:
    form = PasswordForm(here().user)
    if not form.is_submitted():
        return _window(form)
    if not form.validate():
        return _window(form, status=422)
    try:
        check_current(here().user, form.current.data)
    except SentenceError as error:
        form.fail("current", str(error))
        return _window(form, **status_of(error))
    user = here().user
    members.change_own_password(user.id, form.password.data)
    response = welcome(user.username, sign_ins.sign_in(user.id, here().organization.id), "/")
    flash(_("Password changed. You are signed out everywhere else."), "success")
    return response


def _window(form: PasswordForm, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    response = respond("accounts/password.html", "accounts/_password.html", status, form=form)
    response.headers.update(headers or {})
    return response
