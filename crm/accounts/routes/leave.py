"""Leaving an organization by oneself."""

from __future__ import annotations

from flask import flash, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import members
from crm.accounts.access import here, organizations_of
from crm.accounts.routes.blueprint import bp
from crm.values.language import gettext as _
from crm.web.htmx import go_to, respond


@bp.route("/account/leave", methods=["GET", "POST"])
def leave() -> AnyResponse:
    if request.method == "GET":
        return respond("accounts/leave.html", "accounts/_leave.html", last_owner=members.is_last_owner())
    user, organization = here().user, here().organization
    members.leave()
    if organizations_of(user.id):
        target = "accounts.organizations"
    else:
        session.clear()
        target = "accounts.login"
    flash(_("You have left %(organization)s.", organization=organization.name), "success")
    return go_to(url_for(target))
