"""Follow-ups of a lead."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.kernel.idempotency import KeyReusedError
from crm.leads import follow_ups
from crm.leads.forms import DoneForm, FollowUpForm
from crm.leads.models import FollowUp, Lead, Method
from crm.leads.routes.blueprint import bp, changed
from crm.values.language import gettext as _
from crm.web.htmx import respond


@bp.route("/leads/<id:lead_id>/follow-ups/new", methods=["GET", "POST"])
def new_follow_up(lead_id: int) -> Response:
    lead = find(Lead, lead_id)
    form = FollowUpForm()
    if form.validate_on_submit():
        try:
            method = Method(form.method.data)
            follow_ups.add_follow_up(lead_id, method, form.note.data, form.moment, form.request_key())
        except KeyReusedError as error:
            form.explain(error)
        else:
            return changed(_("Follow-up planned."), lead_id)
    status = 422 if form.is_submitted() else 200
    return respond("leads/new_follow_up.html", "leads/_follow_up_form.html", status, form=form, lead=lead)


@bp.route("/follow-ups/<id:follow_up_id>/done", methods=["GET", "POST"])
def done(follow_up_id: int) -> Response:
    follow_up = find(FollowUp, follow_up_id)
    form = DoneForm(follow_up)
    if form.validate_on_submit():
        follow_ups.mark_done(follow_up_id, form.outcome.data or "", form.moment)
        undo = url_for("leads.undo_done", follow_up_id=follow_up_id)
        return changed(_("Marked as done."), follow_up.lead_id, undo=undo, back=True)
    status = 422 if form.is_submitted() else 200
    return respond("leads/done.html", "leads/_done_form.html", status, form=form, follow_up=follow_up)


@bp.post("/follow-ups/<id:follow_up_id>/done/delete")
def undo_done(follow_up_id: int) -> Response:
    follow_up = follow_ups.undo_done(find(FollowUp, follow_up_id).id)
    return changed(_("Undone. It's due again."), follow_up.lead_id, back=True)
