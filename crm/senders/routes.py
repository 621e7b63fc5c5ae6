"""The settings of messaging: gateways, accounts and their state."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find, here
from crm.accounts.rules import return_path
from crm.accounts.services import change_organization, settings_of
from crm.kernel.errors import FieldError, SentenceError
from crm.messages.channels.registry import all_channels, channel_named
from crm.messages.models import BlockedSender
from crm.providers.base import Answer
from crm.senders import queries, services
from crm.senders.forms import SendersForm, SenderTestForm, accounts, senders_form
from crm.values.language import gettext as _
from crm.values.stored import shown

bp = Blueprint("senders", __name__)


@bp.route("/settings/messaging", methods=["GET", "POST"])
def index() -> AnyResponse:
    form = senders_form(data=settings_of(here().organization))
    if form.validate_on_submit():
        try:
            change_organization(here().organization.id, form.values())
        except FieldError as error:
            form.fail(error.field, str(error))
        else:
            flash(_("Saved."), "success")
            return _back()
    return _page(form, SenderTestForm(formdata=None))


@bp.post("/settings/messaging/test")
def test() -> AnyResponse:
    form = SenderTestForm()
    if form.validate():
        try:
            outcome = services.send_test(channel_named(form.channel.data), form.address)
        except SentenceError as error:
            form.fail("channel", shown(str(error)))
        else:
            if outcome.answer is Answer.ACCEPTED:
                flash(_("Test message sent to %(number)s.", number=form.to.data), "success")
                return _back()
            form.fail("to", _("%(reason)s The test message was not sent.", reason=shown(outcome.sentence)))
    return _page(senders_form(formdata=None, data=settings_of(here().organization)), form)


@bp.post("/settings/messaging/senders/<id:sender_id>/retry")
def retry(sender_id: int) -> AnyResponse:
    services.try_again(find(BlockedSender, sender_id).id)
    flash(_("Trying one waiting message now. If it goes through, the rest follow."), "success")
    return _back()


@bp.post("/settings/messaging/senders/<id:sender_id>/dismiss")
def dismiss(sender_id: int) -> AnyResponse:
    services.dismiss(find(BlockedSender, sender_id).id)
    flash(_("Dismissed. You can still see the status in Settings › Messaging."), "success")
    return redirect(return_path(request.referrer or "/", request.host), 303)


def _page(form: SendersForm, test: SenderTestForm) -> AnyResponse:
    context: dict[str, Any] = {
        "form": form,
        "test": test,
        "states": queries.sender_states(here().organization),
        "channels": all_channels(),
        "accounts": accounts(),
        "known": queries.known_secrets(),
        "tests": queries.latest_tests(),
        "public_url": current_app.config["PUBLIC_URL"],
    }
    status = 422 if form.errors or test.errors else 200
    return Response(render_template("senders/index.html", **context), status, mimetype="text/html")


def _back() -> AnyResponse:
    return redirect(url_for("senders.index"), 303)
