"""Loan commitments of a lead."""

from __future__ import annotations

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.kernel.idempotency import KeyReusedError
from crm.leads import commitments
from crm.leads.forms import CommitmentForm
from crm.leads.models import CommitmentState, Lead, LoanCommitment
from crm.leads.routes.blueprint import bp, changed
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.filters import amount
from crm.web.htmx import respond

SETTLED = {
    CommitmentState.KEPT: N_("Payment promise of %(amount)s marked as paid."),
    CommitmentState.BROKEN: N_("Payment promise of %(amount)s marked as not paid."),
    CommitmentState.CANCELED: N_("Payment promise of %(amount)s canceled."),
}


@bp.route("/leads/<id:lead_id>/loan-commitments/new", methods=["GET", "POST"])
def new_commitment(lead_id: int) -> Response:
    lead = find(Lead, lead_id)
    form = CommitmentForm()
    if form.validate_on_submit():
        try:
            commitments.add_commitment(lead_id, form.parsed_amount, form.day, form.request_key())
        except KeyReusedError as error:
            form.explain(error)
        else:
            return changed(_("Payment promise added."), lead_id)
    status = 422 if form.is_submitted() else 200
    return respond("leads/new_commitment.html", "leads/_commitment_form.html", status, form=form, lead=lead)


@bp.post("/loan-commitments/<id:commitment_id>/settlement")
def settle(commitment_id: int) -> Response:
    commitment = find(LoanCommitment, commitment_id)
    state = next((state for state in CommitmentState if state == request.form.get("state")), CommitmentState.OPEN)
    if state is CommitmentState.OPEN:
        abort(422, _("Say whether it was paid, not paid or canceled."))
    commitments.settle_commitment(commitment_id, state)
    undo = url_for("leads.reopen_commitment", commitment_id=commitment_id)
    text = _(SETTLED[state], amount=amount(commitment.amount))
    return changed(text, commitment.lead_id, undo=undo, back=True)


@bp.post("/loan-commitments/<id:commitment_id>/settlement/delete")
def reopen_commitment(commitment_id: int) -> Response:
    commitment = commitments.settle_commitment(find(LoanCommitment, commitment_id).id, CommitmentState.OPEN)
    text = _("Payment promise of %(amount)s open again.", amount=amount(commitment.amount))
    return changed(text, commitment.lead_id, back=True)
