"""One's own language, theme and keys."""

from __future__ import annotations

from flask import current_app, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import here
from crm.accounts.preference_forms import SYSTEM, PreferencesForm
from crm.accounts.preferences import change_preferences
from crm.accounts.routes.blueprint import bp
from crm.values import language
from crm.values.language import gettext as _
from crm.web.htmx import respond

THEME_LASTS = 365 * 24 * 3600


@bp.route("/account/preferences", methods=["GET", "POST"])
def preferences() -> AnyResponse:
    user, theme = here().user, request.cookies.get("theme") or SYSTEM
    form = PreferencesForm(language=user.language, single_keys=user.single_keys, theme=theme)
    if not form.is_submitted():
        return respond("accounts/preferences.html", "accounts/_preferences.html", form=form)
    if not form.validate():
        return respond("accounts/preferences.html", "accounts/_preferences.html", 422, form=form)
    change_preferences(user.id, form.language.data, form.single_keys.data)
    accepted = request.headers.get("Accept-Language", "")
    language.use(language.chosen(form.language.data, here().organization.language, accepted=accepted))
    flash(_("Preferences saved."), "success")
    response = redirect(url_for("accounts.preferences"), 303)
    _remember_theme(response, form.theme.data)
    return response


def _remember_theme(response: AnyResponse, theme: str) -> None:
    """Set the cookie that static/js/theme.js reads and writes."""
    if theme == SYSTEM:
        response.delete_cookie("theme", samesite="Lax")
        return
    secure = current_app.session_interface.get_cookie_secure(current_app)
    response.set_cookie("theme", theme, max_age=THEME_LASTS, secure=secure, samesite="Lax")
