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
from crm.web.filters import amount
from crm.web.htmx import respond


@bp.route("/leads/<id:lead_id>/loan-commitments/new", methods=["GET", "POST"])
def new_commitment(lead_id: int) -> Response:
    lead = find(Lead, lead_id)
    form = CommitmentForm()
    if form.validate_on_submit():
        try:
            commitments.add_commitment(lead_id, form.hundredths, form.day, form.request_key())
        except KeyReusedError as error:
            form.explain(error)
        else:
            return changed("The loan commitment is added.", lead_id)
    status = 422 if form.is_submitted() else 200
    return respond("leads/new_commitment.html", "leads/_commitment_form.html", status, form=form, lead=lead)


@bp.post("/loan-commitments/<id:commitment_id>/settlement")
def settle(commitment_id: int) -> Response:
    commitment = find(LoanCommitment, commitment_id)
    state = next((state for state in CommitmentState if state == request.form.get("state")), CommitmentState.OPEN)
    if state is CommitmentState.OPEN:
        abort(422, "Say whether it was kept, broken or canceled.")
    commitments.settle_commitment(commitment_id, state)
    undo = url_for("leads.reopen_commitment", commitment_id=commitment_id)
    said = f"The commitment of {amount(commitment.amount)} is {state.value}."
    return changed(said, commitment.lead_id, undo=undo, back=True)


@bp.post("/loan-commitments/<id:commitment_id>/settlement/delete")
def reopen_commitment(commitment_id: int) -> Response:
    commitment = commitments.settle_commitment(find(LoanCommitment, commitment_id).id, CommitmentState.OPEN)
    return changed(f"The commitment of {amount(commitment.amount)} is open again.", commitment.lead_id, back=True)
