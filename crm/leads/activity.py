"""Activity texts for a customer's leads."""

from __future__ import annotations

import datetime as dt

from flask import url_for
from markupsafe import Markup

from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
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


def _lead(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        reason = event.after("lost_reason")
        text = Markup("{} {}").format(_link(event, "Lead", event.subject_id), words)
        return Activity(text, [shortened(reason)] if reason else [])

    return activity


def _created(event: ActivityEvent) -> Activity:
    source = event.after("source")
    text = Markup("{} added").format(_link(event, "Lead", event.subject_id))
    return Activity(text, [f"From a {source.lower()}"] if source else [])


def _edited(event: ActivityEvent) -> Activity:
    changed = [FIELDS[field].lower() for field in FIELDS if field in event.changes]
    text = Markup("{} edited").format(_link(event, "Lead", event.subject_id))
    if event.after("status"):
        text += f", now {LeadStatus(event.after('status')).label.lower()}"
        changed.remove("status")
    return Activity(text, [f"Changed: {', '.join(changed)}"] if changed else [])


def _follow_up(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        name = _link(event, f"Follow-up by {Method(event.after('method')).label}", event.after("lead_id"))
        due_at, note, outcome = (event.after(field) for field in ("due_at", "note", "outcome"))
        text = Markup("{} {}").format(name, words)
        if due_at:
            text += Markup(", due {}").format(when(dt.datetime.fromisoformat(due_at)))
        return Activity(text, [shortened(text) for text in (note, outcome) if text])

    return activity


def _commitment(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        sum_ = amount(event.after("amount"))
        name = _link(event, f"Loan commitment of {sum_}", event.after("lead_id"))
        state, promised = event.after("state"), event.after("promised_date")
        text = Markup("{} {}").format(name, words or CommitmentState(state).label.lower())
        if promised:
            text += f", for {day(dt.date.fromisoformat(promised))}"
        return Activity(text)

    return activity


def _link(event: ActivityEvent, text: str, lead_id: int) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url_for("leads.show", lead_id=lead_id), text)


ACTIVITY: dict[str, ActivityText | str] = {
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
