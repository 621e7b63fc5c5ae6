"""The inbox, and what may be done with a text."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.accounts.rules import return_path
from crm.inbox import services
from crm.inbox.queries import page_of_inbox
from crm.messages.inbound_models import InboundMessage
from crm.values.language import gettext as _
from crm.web.htmx import done as saved
from crm.web.htmx import respond

bp = Blueprint("inbox", __name__)


@bp.get("/inbox")
def index() -> Response:
    page = page_of_inbox(request.args.get("page", 1, type=int))
    return respond("inbox/index.html", "inbox/_list.html", page=page)


@bp.post("/inbox/<id:text_id>/done")
def done(text_id: int) -> Response:
    services.mark_done(find(InboundMessage, text_id).id)
    return _changed(_("Marked as done."), undo=url_for("inbox.undo_done", text_id=text_id))


@bp.post("/inbox/<id:text_id>/done/delete")
def undo_done(text_id: int) -> Response:
    services.undo_done(find(InboundMessage, text_id).id)
    return _changed(_("Marked as unread."))


@bp.post("/inbox/<id:text_id>/opt-out")
def opt_out(text_id: int) -> Response:
    text = services.opt_out(find(InboundMessage, text_id).id)
    return _changed(_("Opted out. %(address)s gets no more messages.", address=_sender(text)))


@bp.post("/inbox/<id:text_id>/go-on")
def go_on(text_id: int) -> Response:
    text = services.go_on(find(InboundMessage, text_id).id)
    return _changed(_("Messages to %(address)s continue.", address=_sender(text)))


def _sender(text: InboundMessage) -> str:
    return text.channel.addresses.shown(text.sender) if text.sender else _("this person")


def _changed(text: str, undo: str | None = None) -> Response:
    location = return_path(request.referrer, request.host) if request.referrer else url_for("inbox.index")
    return saved(text, location, "inbox/changed.htmx.html", undo=undo)
