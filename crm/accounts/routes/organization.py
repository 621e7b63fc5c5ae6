"""The settings of the organization."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import queries, services
from crm.accounts.access import here
from crm.accounts.organization_forms import OrganizationForm
from crm.accounts.routes.blueprint import bp
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _


@bp.route("/settings/organization", methods=["GET", "POST"])
def organization() -> AnyResponse:
    form = OrganizationForm(data=services.settings_of(here().organization))
    context = {"currency_is_fixed": queries.has_money()}
    return _change(form, "accounts/organization.html", "accounts.organization", **context)


def _change(form: OrganizationForm, template: str, endpoint: str, **context: Any) -> AnyResponse:
    if form.is_submitted() and form.validate():
        try:
            services.change_organization(here().organization.id, form.typed())
        except SentenceError as error:
            form.fail("currency", str(error))
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(endpoint), 303)
    page = render_template(template, form=form, **context)
    return Response(page, 422 if form.is_submitted() else 200, mimetype="text/html")
