"""The list of reminders, and what is done with many of them or moves one."""

from __future__ import annotations

from flask import Blueprint, abort, flash, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.accounts.rules import return_path
from crm.kernel.errors import SentenceError
from crm.kernel.tenancy import current_actor
from crm.reminders import services
from crm.reminders.models import ReminderChange
from crm.reminders.queries import counts_of, first, page_of, shown_count
from crm.reminders.rules import Later, When, cursor_in
from crm.reminders.sentences import done_sentence, moved_sentence, undone_sentence
from crm.reminders.today import day
from crm.values.choices import unknown_choice
from crm.values.language import gettext as _
from crm.web.due import note_due_now
from crm.web.htmx import done as saved
from crm.web.htmx import respond, wants_fragment
from crm.web.lists import within_pages

bp = Blueprint("reminders", __name__)
bp.add_app_template_filter(shown_count, "reminder_number")


@bp.get("/reminders")
def index() -> Response:
    today, args = day(), request.args
    counts = counts_of(today)
    note_due_now(counts[When.NOW])
    unknown = unknown_choice(args, when=list(When))
    when = next((when for when in When if when == args.get("when", "")), When.NOW)
    after, before = cursor_in(args.get("after", "")), cursor_in(args.get("before", ""))
    number = within_pages(args.get("page", 1, type=int))
    kinds = counts[when].kinds
    page = None if unknown else page_of(today, when, after=after, before=before, number=number, kinds=kinds)
    return respond(
        "reminders/index.html",
        "reminders/list.htmx.html",
        page=page,
        unknown=unknown,
        when=when,
        place={name: args[name] for name in ("when", "after", "before", "page") if args.get(name)},
        counts={when: numbers.total for when, numbers in counts.items()},
        coming=first(today.ahead(), 3, 3).rows if page and not page.rows and when is When.NOW else [],
        evening=today.has_evening,
    )


@bp.post("/reminders/bulk")
def bulk() -> Response:
    action, names = request.form.get("action", ""), request.form.getlist("ids")
    later = next((later for later in Later if later == action), None)
    try:
        if action != services.DONE and later is None:
            raise SentenceError(_("Choose Mark as done or Move to tomorrow."))
        if not names:
            raise SentenceError(_("Select at least one reminder first."))
        return _done(names) if later is None else _moved(names, later)
    except SentenceError as error:
        if wants_fragment():
            flash(str(error), "error")
        return respond("reminders/problem.html", "reminders/_problem.html", 422, sentence=str(error))


@bp.post("/reminders/bulk/<id:reminder_change_id>/undo")
def undo_bulk(reminder_change_id: int) -> Response:
    change = find(ReminderChange, reminder_change_id)
    if change.user_id != current_actor():
        abort(404)
    return _answer(undone_sentence(change.action, services.undo(change.id)))


def _done(names: list[str]) -> Response:
    result = services.mark_done(names)
    return _answer(done_sentence(result), result)


def _moved(names: list[str], later: Later) -> Response:
    today = day()
    moment = today.moment(later)
    if moment is None:
        raise SentenceError(_("It is past 18:00 already. Choose another time."))
    result = services.move(names, moment)
    return _answer(moved_sentence(result, later, moment, today.zone), result)


def _answer(text: str, result: services.Result | None = None) -> Response:
    if result is not None and not result.found:
        abort(404)
    change_id = result.change_id if result else None
    undo_url = url_for("reminders.undo_bulk", reminder_change_id=change_id) if change_id else None
    location = return_path(request.referrer, request.host) if request.referrer else url_for("reminders.index")
    return saved(text, location, "reminders/changed.htmx.html", undo=undo_url)
