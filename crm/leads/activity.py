"""Activity texts for a customer's leads."""

from __future__ import annotations

import datetime as dt

from flask import url_for
from markupsafe import Markup

from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.leads.models import CommitmentState, LeadStatus, Method
from crm.people.own_sources import source_shown
from crm.values.language import N_
from crm.web.environment import gettext as _
from crm.web.filters import amount, day, when

FIELDS = {
    "name": N_("Name"),
    "phone": N_("Contact number"),
    "email": N_("E-mail"),
    "passport_number": N_("Passport number"),
    "source": N_("Source"),
    "notes": N_("Notes"),
    "branch_id": N_("Branch"),
    "status": N_("Status"),
}

SETTLED = {
    CommitmentState.OPEN: N_("%(promise)s open again"),
    CommitmentState.KEPT: N_("%(promise)s paid"),
    CommitmentState.BROKEN: N_("%(promise)s not paid"),
    CommitmentState.CANCELED: N_("%(promise)s canceled"),
}


def _lead(sentence: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        reason = event.after("lost_reason")
        return Activity(_(sentence, lead=_lead_link(event)), [shortened(reason)] if reason else [])

    return activity


def _created(event: ActivityEvent) -> Activity:
    source = event.after("source")
    lines = [_("Source: %(source)s", source=source_shown(source))] if source else []
    return Activity(_("%(lead)s added", lead=_lead_link(event)), lines)


def _edited(event: ActivityEvent) -> Activity:
    changed = [str(FIELDS[field]) for field in FIELDS if field in event.changes and field != "status"]
    text = _("%(lead)s edited", lead=_lead_link(event))
    if status := event.after("status"):
        text = _("%(lead)s edited: now %(status)s", lead=_lead_link(event), status=LeadStatus(status).label)
    return Activity(text, [_("Changed: %(fields)s", fields=", ".join(changed))] if changed else [])


def _assigned(event: ActivityEvent) -> Activity:
    if name := event.after("assigned_to"):
        return Activity(_("%(lead)s assigned to %(name)s", lead=_lead_link(event), name=name))
    return Activity(_("%(lead)s no longer assigned to anyone", lead=_lead_link(event)))


def _follow_up(sentence: str, due_sentence: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        method = Method(event.after("method")).label
        link = _link(_("Follow-up (%(method)s)", method=method), event.after("lead_id"))
        due_at, note, outcome = (event.after(field) for field in ("due_at", "note", "outcome"))
        text = _(sentence, follow_up=link)
        if due_at:
            text = _(due_sentence, follow_up=link, when=when(dt.datetime.fromisoformat(due_at), inside=True))
        return Activity(text, [shortened(text) for text in (note, outcome) if text])

    return activity


def _commitment(sentence: str, promised_sentence: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        name = _("Payment promise of %(amount)s", amount=amount(event.after("amount")))
        link, promised = _link(name, event.after("lead_id")), event.after("promised_date")
        if promised:
            until = day(dt.date.fromisoformat(promised), inside=True)
            return Activity(_(promised_sentence, promise=link, day=until))
        return Activity(_(sentence, promise=link))

    return activity


def _settled(event: ActivityEvent) -> Activity:
    sentence = SETTLED[CommitmentState(event.after("state"))]
    return _commitment(sentence, sentence)(event)


def _lead_link(event: ActivityEvent) -> Markup:
    return _link(_("Lead"), event.subject_id)


def _link(text: str, lead_id: int) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url_for("leads.show", lead_id=lead_id), text)


PLANNED, CHANGED = N_("%(follow_up)s planned"), N_("%(follow_up)s changed")
DONE, REOPENED = N_("%(follow_up)s done"), N_("%(follow_up)s open again")
PROMISED, PROMISE_CHANGED = N_("%(promise)s added"), N_("%(promise)s changed")

ACTIVITY: dict[str, ActivityText | str] = {
    "lead.created": _created,
    "lead.edited": _edited,
    "lead.assigned": _assigned,
    "lead.converted": _lead(N_("%(lead)s won")),
    "lead.lost": _lead(N_("%(lead)s marked as lost")),
    "lead.forgotten": N_("Customer deleted for good"),
    "lead.reopened": _lead(N_("%(lead)s reopened")),
    "follow_up.added": _follow_up(PLANNED, N_("%(follow_up)s planned, due %(when)s")),
    "follow_up.edited": _follow_up(CHANGED, N_("%(follow_up)s changed, due %(when)s")),
    "follow_up.done": _follow_up(DONE, DONE),
    "follow_up.undone": _follow_up(REOPENED, REOPENED),
    "commitment.added": _commitment(PROMISED, N_("%(promise)s added, for %(day)s")),
    "commitment.edited": _commitment(PROMISE_CHANGED, N_("%(promise)s changed, for %(day)s")),
    "commitment.settled": _settled,
    "commitment.reopened": _settled,
}
