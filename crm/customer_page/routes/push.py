"""Notices on a phone: allowed by its browser, and stopped without a code."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.customer_page import access, wishes
from crm.customer_page.door import HOMES, shown
from crm.customer_page.routes.own import bp
from crm.customer_page.rules import Scope
from crm.kernel.csrf import without_referrer
from crm.values.language import gettext as _
from crm.web_push.services import PushError


@bp.post("/c/push")
@without_referrer
def push() -> AnyResponse:
    """Take what the browser subscribed to; with `stop` send no more, to one browser or to any."""
    visit = access.by_session(Scope.CARD, Scope.PAGE)
    given, customer_id = request.form, visit.customer.id
    if given.get("stop"):
        wishes.stop_notices(customer_id, given.get("endpoint") or None)
        flash(_("You get no more notices."), "success")
    else:
        try:
            wishes.allow_notices(customer_id, *(given.get(name, "") for name in ("endpoint", "p256dh", "auth")))
        except PushError as error:
            return shown("customer_page/problem.html", 422, code=422, sentence=str(error), visit=visit)
        flash(_("This phone gets notices."), "success")
    return redirect(url_for(HOMES[visit.link.scope], _anchor="push"), 303)
