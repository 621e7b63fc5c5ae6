"""Messages: all of them, and what may be done with one."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find, here
from crm.accounts.rules import return_path
from crm.compose import panel
from crm.compose.forms import MessageForm
from crm.compose.history import ANSWERS
from crm.customers.filters import Filters
from crm.customers.models import Customer
from crm.customers.queries import page_of
from crm.kernel.errors import SentenceError
from crm.messages import queries, services
from crm.messages.channels.registry import all_channels, in_words
from crm.messages.checks import RefusedError
from crm.messages.models import Message
from crm.messages.rules import Status, told_alike
from crm.providers.registry import all_providers
from crm.series import services as recurring
from crm.values.language import gettext as _
from crm.values.text import clean_line
from crm.web.htmx import done as saved
from crm.web.htmx import respond
from crm.web.ids import id_in

bp = Blueprint("messages", __name__)

STATES = [status for status in Status if told_alike(status)[0] is status]
"""One status for each state that is shown."""


@bp.get("/messages")
def index() -> Response:
    wanted = queries.MessageFilter.from_args(request.args)
    page = queries.page_of_messages(wanted, request.args.get("page", 1, type=int))
    return respond(
        "messages/index.html",
        "messages/index.htmx.html",
        page=page,
        shown=tuple(message.shown for message in page.rows),
        channels=all_channels(),
        every_channel=in_words("and"),
        tries_out=any(channel.gateway_name(here().organization) in _shown() for channel in all_channels()),
        statuses=STATES,
        notices=queries.notices(),
    )


@bp.get("/messages/console")
def console() -> Response:
    attempts = queries.attempts_by(_shown())
    return respond("messages/console.html", "messages/_console.html", attempts=attempts, answers=ANSWERS)


@bp.get("/messages/new")
def choose() -> Response:
    """Choose whom a new message is for."""
    filters = Filters(q=clean_line(request.args.get("q", ""))[:200], per_page=25)
    return respond("messages/choose.html", "messages/_choose.html", filters=filters, people=page_of(filters).rows)


@bp.route("/customers/<id:customer_id>/messages/new", methods=["GET", "POST"])
def new(customer_id: int) -> Response:
    form = MessageForm(find(Customer, customer_id), reply=request.args.get("reply"))
    if form.wants_template():
        return _window("messages/new.html", form, 200 if form.refill() else 422)
    if form.validate_on_submit():
        try:
            message = recurring.schedule(customer_id, *form.content(), form.request_key(), **form.options())
        except SentenceError as error:
            form.explain(error)
        else:
            return _changed(_("Message scheduled."), message)
    return _window("messages/new.html", form)


@bp.post("/customers/<id:customer_id>/messages/preview")
def preview(customer_id: int) -> str:
    customer, message_id = find(Customer, customer_id), id_in(request.args.get("message"))
    form = MessageForm(customer, find(Message, message_id) if message_id else None)
    if not form.wants_template():
        form.validate()
    return render_template("messages/_preview.html", preview=form.preview())


@bp.route("/messages/<id:message_id>/edit", methods=["GET", "POST"])
def edit(message_id: int) -> Response:
    message = find(Message, message_id)
    message.ensure_changeable()
    form = MessageForm(message.customer, message)
    if form.wants_template():
        return _window("messages/edit.html", form, 200 if form.refill() else 422)
    if form.validate_on_submit():
        try:
            edit_ = recurring.edit_all if form.changes_all else services.edit_message
            message = edit_(message_id, *form.content(), **form.options())
        except RefusedError as error:
            form.explain(error)
        else:
            return _changed(_("Message saved."), message)
    return _window("messages/edit.html", form)


@bp.post("/messages/<id:message_id>/cancel")
def cancel(message_id: int) -> Response:
    return _changed(_("Message canceled."), services.cancel_message(find(Message, message_id).id), _where_from())


@bp.post("/messages/<id:message_id>/resend")
def resend(message_id: int) -> Response:
    return _changed(_("Sending again."), services.resend_message(find(Message, message_id).id), _where_from())


@bp.post("/messages/<id:message_id>/done")
def done(message_id: int) -> Response:
    message = services.mark_done(find(Message, message_id).id)
    return _changed(
        _("Marked as done."), message, _where_from(), undo=url_for("messages.undo_done", message_id=message_id)
    )


@bp.post("/messages/<id:message_id>/done/delete")
def undo_done(message_id: int) -> Response:
    return _changed(_("Undone. It's due again."), services.undo_done(find(Message, message_id).id), _where_from())


def _shown() -> list[str]:
    return [provider.name for provider in all_providers() if provider.shows_calls]


def _window(page: str, form: MessageForm, status: int | None = None) -> Response:
    status = status or (422 if form.is_submitted() else 200)
    return respond(page, "messages/_form.html", status, form=form, customer=form.customer, preview=form.preview())


def _changed(text: str, message: Message, location: str | None = None, undo: str | None = None) -> Response:
    customer = message.customer
    location = location or url_for("customers.show", customer_id=customer.id, _anchor=f"message-{message.id}")
    data = panel.load(customer)
    return saved(text, location, "messages/changed.htmx.html", undo=undo, customer=customer, data=data)


def _where_from() -> str | None:
    """Return the page of the button: home, customer, or list."""
    return return_path(request.referrer, request.host) if request.referrer else None
