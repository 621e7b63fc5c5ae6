"""Pages of the review queue."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.models import Customer
from crm.duplicates import queries, services
from crm.duplicates.forms import Choice, read_choice, read_pair
from crm.duplicates.models import Merge
from crm.duplicates.review import Review
from crm.duplicates.rules import reason
from crm.kernel.errors import SentenceError
from crm.values.choices import unknown_choice
from crm.values.language import gettext as _
from crm.web.htmx import go_to, respond, wants_fragment
from crm.web.ids import id_in

bp = Blueprint("duplicates", __name__)

SHOWN = {decision.value: decision for decision in Decision}


@bp.get("/duplicates")
def index() -> Response:
    decision = SHOWN.get(request.args.get("show", ""), Decision.OPEN)
    is_known = not unknown_choice(request.args, show=SHOWN)
    found = queries.queue(decision, id_in(request.args.get("before"))) if is_known else queries.Queue([], None)
    context: dict[str, Any] = {"queue": found, "decision": decision, "reason_of": reason}
    return respond("duplicates/index.html", "duplicates/_queue.html", **context)


@bp.post("/duplicates/new")
def new() -> AnyResponse:
    try:
        pair = read_pair(request.form)
        entry = services.add_entry((find(Customer, pair[0]).id, find(Customer, pair[1]).id))
    except SentenceError as error:
        if wants_fragment():
            flash(str(error), "error")
        return respond("customers/bulk_problem.html", "customers/_bulk_problem.html", 422, sentence=str(error))
    return go_to(_page(entry.id))


@bp.get("/duplicates/<id:duplicate_id>")
def show(duplicate_id: int) -> Response:
    entry = find(Duplicate, duplicate_id)
    return _review(Review.of(entry, id_in(request.args.get("keep"))))


@bp.post("/duplicates/<id:duplicate_id>")
def decide(duplicate_id: int) -> AnyResponse:
    entry = find(Duplicate, duplicate_id)
    choice = read_choice(request.form, (entry.first_id, entry.second_id))
    if choice.errors:
        return _review(Review.of(entry, choice.keep, choice.take), choice)
    if choice.action == "separate":
        services.separate(duplicate_id)
        flash(_("Not a duplicate: you won't be asked again."), "success")
        return go_to(url_for("duplicates.index"))
    merge = services.merge(duplicate_id, choice.keep, choice.take)
    flash({"text": _merge_sentence(merge), "undo": url_for("duplicates.undo", duplicate_id=duplicate_id)}, "success")  # type: ignore[arg-type]  # Flask keeps whatever JSON has
    return go_to(url_for("customers.show", customer_id=merge.kept_id))


@bp.post("/duplicates/<id:duplicate_id>/undo")
def undo(duplicate_id: int) -> AnyResponse:
    merge = services.undo(find(Duplicate, duplicate_id).id)
    flash(_("%(name)s is a separate customer again.", name=merge.snapshot["names"]["gone"]), "success")
    return go_to(_page(duplicate_id))


def _review(review: Review, choice: Choice | None = None) -> Response:
    status = 422 if choice else 200
    errors = choice.errors if choice else {}
    return respond("duplicates/show.html", "duplicates/_review.html", status, review=review, errors=errors)


def _merge_sentence(merge: Merge) -> str:
    names = merge.snapshot["names"]
    return _("%(merged)s merged with %(kept)s.", merged=names["gone"], kept=names["kept"])


def _page(duplicate_id: int) -> str:
    return url_for("duplicates.show", duplicate_id=duplicate_id)
