"""The settings of messaging: gateways, accounts and their state."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find, here
from crm.accounts.queries import current_organization
from crm.accounts.rules import return_path
from crm.accounts.services import change_organization, settings_of
from crm.kernel import health
from crm.kernel.csrf import refuse_stale_form
from crm.kernel.errors import FieldError, SentenceError
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels, channel_named
from crm.messages.models import BlockedSender
from crm.messages.queries import SendingNotices, notices
from crm.providers.base import Answer
from crm.providers.registry import needs_approval
from crm.senders import domain_check, queries, services
from crm.senders.domain_check import DomainCheck
from crm.senders.forms import LIMITS, SendersForm, SenderTestForm, channel_form, senders_form
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.web.filters import isolated
from crm.web.htmx import respond, wants_fragment

bp = Blueprint("senders", __name__)


@bp.route("/settings/messaging", methods=["GET", "POST"])
def index() -> AnyResponse:
    form = senders_form(all_channels(), data=settings_of(here().organization))
    if form.validate_on_submit():
        try:
            change_organization(here().organization.id, form.values())
        except FieldError as error:
            form.fail(error.field, str(error))
        else:
            return _saved(form)
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
                flash(_("Test message sent to %(number)s.", number=isolated(form.to.data)), "success")
                return _back()
            form.fail("to", _("%(reason)s The test message was not sent.", reason=shown(outcome.sentence)))
    return _page(None, form)


@bp.post("/settings/messaging/domain")
def check_domain() -> AnyResponse:
    refuse_stale_form()
    found = domain_check.check_domain()
    if wants_fragment():
        return respond("senders/index.html", "senders/_domain.html", checked=found)
    return _page(None, SenderTestForm(formdata=None), found)


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


def _saved(form: SendersForm) -> AnyResponse:
    """Say what is missing before the channels that were changed can be sent."""
    organization = current_organization()
    for channel in form.changed_channels():
        fields = queries.to_enter(organization, channel)
        if fields:
            label = channel.label
            text = _("Saved, but %(channel)s can't be sent yet: enter the %(fields)s.", channel=label, fields=fields)
            flash(text, "warning")
            return redirect(url_for("senders.index", open=str(channel), _anchor=f"channel-{channel}"), 303)
    flash(_("Saved."), "success")
    return _back()


def _page(sent: SendersForm | None, test: SenderTestForm, checked: DomainCheck | None = None) -> AnyResponse:
    organization = here().organization
    context: dict[str, Any] = {
        "forms": {channel: _form_of(channel, sent) for channel in all_channels()},
        "test": test,
        "checked": checked,
        "limits": _limits(sent),
        "limits_whatsapp": any(needs_approval(organization, channel) for channel in all_channels()),
        "states": queries.sender_states(organization),
        "known": queries.known_secrets(),
        "tests": queries.latest_tests(),
        "notices": SendingNotices((), notices().silence),
        "worker_runs": health.worker_is_running(),
        "public_url": current_app.config["PUBLIC_URL"],
    }
    status = 422 if (sent and sent.errors) or test.errors else 200
    return Response(render_template("senders/index.html", **context), status, mimetype="text/html")


def _limits(sent: SendersForm | None) -> SendersForm:
    """Return the form of the limits of marketing, with what was typed and is wrong."""
    if sent is not None and not LIMITS.isdisjoint(sent.errors):
        return sent
    return senders_form((), formdata=None, data=settings_of(here().organization))


def _form_of(channel: Channel, sent: SendersForm | None) -> SendersForm:
    """Return the form of a channel, with what was typed and is wrong."""
    data = settings_of(here().organization)
    if sent is None or not sent.is_submitted():
        return channel_form(channel, formdata=None, data=data)
    form = channel_form(channel, data=data)
    for field in form:
        field.errors = sent[field.name].errors if field.name in sent else []
    form.form_errors = sent.form_errors
    return form


def _back() -> AnyResponse:
    return redirect(url_for("senders.index"), 303)
