"""The list of numbers that opted out, and the words that put a number there."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.kernel.errors import SentenceError
from crm.messages.suppression_models import Suppression
from crm.opt_outs import services
from crm.opt_outs.forms import OptOutForm, StopWordsForm
from crm.opt_outs.keywords import START, STOP
from crm.opt_outs.queries import page_of_opt_outs
from crm.values.language import gettext as _
from crm.values.text import clean_line
from crm.web.htmx import done, respond

bp = Blueprint("opt_outs", __name__)


@bp.get("/settings/opt-outs")
def index() -> Response:
    q = clean_line(request.args.get("q", "")[:100])
    page = page_of_opt_outs(q, request.args.get("page", 1, type=int))
    return respond("opt_outs/index.html", "opt_outs/_list.html", page=page, **_words())


@bp.get("/settings/opt-outs/new")
def new() -> Response:
    return _window(OptOutForm())


@bp.post("/settings/opt-outs")
def add() -> Response:
    form = OptOutForm()
    if not form.validate():
        return _window(form, 422)
    try:
        added = services.add_by_hand(form.phone.data, form.note.data or "", form.request_key())
    except SentenceError as error:
        form.refuse("phone", error)
        return _window(form, 422)
    return _done(_("%(address)s gets no more messages.", address=added.shown))


@bp.post("/settings/opt-outs/<id:suppression_id>/delete")
def delete(suppression_id: int) -> Response:
    address = services.take_off(find(Suppression, suppression_id).id)
    return _done(_("%(address)s gets messages again.", address=address))


@bp.route("/settings/opt-outs/words", methods=["GET", "POST"])
def stop_words() -> Response:
    form = StopWordsForm(data=None if request.method == "POST" else {"words": "\n".join(services.stop_words())})
    if form.validate_on_submit():
        try:
            services.set_stop_words((form.words.data or "").splitlines())
        except SentenceError as error:
            form.fail("words", str(error))
        else:
            return _done(_("Stop words saved."))
    status = 422 if form.is_submitted() else 200
    return respond("opt_outs/stop_words.html", "opt_outs/_stop_words.html", status, form=form, stop=sorted(STOP))


def _window(form: OptOutForm, status: int = 200) -> Response:
    return respond("opt_outs/new.html", "opt_outs/_form.html", status, form=form)


def _done(text: str) -> Response:
    page = page_of_opt_outs("", 1)
    return done(text, url_for("opt_outs.index"), "opt_outs/index.htmx.html", page=page, **_words())


def _words() -> dict[str, Any]:
    return {
        "own_words": services.stop_words(),
        "stop": sorted(STOP),
        "start": sorted(START),
    }
