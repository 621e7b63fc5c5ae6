"""The words for what happens to a customer's leads."""

from __future__ import annotations

import datetime as dt

from flask import url_for
from markupsafe import Markup

from crm.customers.timeline import Happened, Told, Words, shortened
from crm.leads.models import CommitmentState, LeadStatus, Method
from crm.web.filters import amount, day, when

FIELDS = {
    "name": "Name",
    "phone": "Contact number",
    "email": "E-mail",
    "passport_number": "Passport number",
    "source": "Source",
    "notes": "Notes",
    "branch_id": "Branch",
    "status": "Status",
}


def _lead(words: str) -> Words:
    def told(happened: Happened) -> Told:
        reason = happened.after("lost_reason")
        said = Markup("{} {}").format(_link(happened, "Lead", happened.subject_id), words)
        return Told(said, [shortened(reason)] if reason else [])

    return told


def _created(happened: Happened) -> Told:
    source = happened.after("source")
    said = Markup("{} added").format(_link(happened, "Lead", happened.subject_id))
    return Told(said, [f"From a {source.lower()}"] if source else [])


def _edited(happened: Happened) -> Told:
    changed = [FIELDS[field].lower() for field in FIELDS if field in happened.changes]
    said = Markup("{} edited").format(_link(happened, "Lead", happened.subject_id))
    if happened.after("status"):
        said += f", now {LeadStatus(happened.after('status')).label.lower()}"
        changed.remove("status")
    return Told(said, [f"Changed: {', '.join(changed)}"] if changed else [])


def _follow_up(words: str) -> Words:
    def told(happened: Happened) -> Told:
        name = _link(happened, f"Follow-up by {Method(happened.after('method')).label}", happened.after("lead_id"))
        due_at, note, outcome = (happened.after(field) for field in ("due_at", "note", "outcome"))
        said = Markup("{} {}").format(name, words)
        if due_at:
            said += Markup(", due {}").format(when(dt.datetime.fromisoformat(due_at)))
        return Told(said, [shortened(text) for text in (note, outcome) if text])

    return told


def _commitment(words: str) -> Words:
    def told(happened: Happened) -> Told:
        sum_ = amount(happened.after("amount"))
        name = _link(happened, f"Loan commitment of {sum_}", happened.after("lead_id"))
        state, promised = happened.after("state"), happened.after("promised_date")
        said = Markup("{} {}").format(name, words or CommitmentState(state).label.lower())
        if promised:
            said += f", for {day(dt.date.fromisoformat(promised))}"
        return Told(said)

    return told


def _link(happened: Happened, text: str, lead_id: int) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url_for("leads.show", lead_id=lead_id), text)


WORDS: dict[str, Words | str] = {
    "lead.created": _created,
    "lead.edited": _edited,
    "lead.converted": _lead("became a customer"),
    "lead.lost": _lead("lost"),
    "lead.reopened": _lead("taken up again"),
    "follow_up.added": _follow_up("planned"),
    "follow_up.edited": _follow_up("changed"),
    "follow_up.done": _follow_up("done"),
    "follow_up.undone": _follow_up("open again"),
    "commitment.added": _commitment("added"),
    "commitment.edited": _commitment("changed"),
    "commitment.settled": _commitment(""),
    "commitment.reopened": _commitment("open again"),
}
"""How each event is told."""
