"""Activity texts for a customer's messages, series and opt-outs."""

from __future__ import annotations

import datetime as dt

from markupsafe import Markup

from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.messages.channels.registry import channel_named
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.web import environment
from crm.web.filters import when

STATES = {
    Status.SCHEDULED: N_("Message scheduled again"),
    Status.CLAIMED: N_("Message about to be sent"),
    Status.SUBMITTING: N_("Message being sent"),
    Status.ACCEPTED: N_("Message handed over"),
    Status.SENT: N_("Message sent"),
    Status.DELIVERED: N_("Message delivered"),
    Status.READ: N_("Message read"),
    Status.RETRY_WAIT: N_("Message not sent yet, will try again"),
    Status.HELD: N_("Message waiting"),
    Status.REMINDER: N_("Message due, ready to send"),
    Status.UNKNOWN: N_("Message being checked: it is not clear whether it was sent"),
    Status.UNCONFIRMED: N_("Message delivery unknown"),
    Status.FAILED: N_("Message failed"),
    Status.UNDELIVERED: N_("Message not delivered"),
    Status.SUPPRESSED: N_("Message stopped"),
    Status.EXPIRED: N_("Message expired before it could be sent"),
    Status.CANCELED: N_("Message canceled"),
    Status.DONE: N_("Message marked as done"),
    Status.NO_REPORT: N_("Message sent, delivery not confirmed"),
}

SOURCES = {
    OptOutSource.STOP: N_("By a keyword"),
    OptOutSource.PROVIDER: N_("Reported by the provider"),
    OptOutSource.BOUNCE: N_("Mail came back"),
    OptOutSource.SOFT_BOUNCE: N_("Mail came back again and again"),
    OptOutSource.COMPLAINT: N_("Reported as spam"),
    OptOutSource.UNSUBSCRIBE: N_("By the link in a message"),
    OptOutSource.STAFF: N_("Added to the list by staff"),
}


def _became(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        reason = event.after("reason")
        return Activity(event.link(words, "message"), [shown(reason)] if reason else [], by="")

    return activity


def _scheduled(event: ActivityEvent) -> Activity:
    name = event.link(channel_named(event.after("channel")).label, "message")
    text = environment.gettext("%(channel)s scheduled for %(time)s", channel=name, time=_time(event.after("send_at")))
    return Activity(text, [shortened(event.after("body"))])


def _edited(event: ActivityEvent) -> Activity:
    lines: list[str] = []
    if "send_at" in event.changes:
        times = dict(zip(("before", "after"), map(_time, event.changes["send_at"]), strict=True))
        lines.append(environment.gettext("From %(before)s to %(after)s", **times))
    if "channel" in event.changes:
        before, after = (channel_named(value).label for value in event.changes["channel"])
        lines.append(_("From %(before)s to %(after)s", before=before, after=after))
    if "subject" in event.changes and event.after("subject"):
        lines.append(_("Subject now %(text)s", text=shortened(event.after("subject"))))
    if "body" in event.changes:
        lines.append(_("Now %(text)s", text=shortened(event.after("body"))))
    return Activity(event.link(_("Message changed"), "message"), lines)


def _received(event: ActivityEvent) -> Activity:
    body, what = event.after("body"), _capitalized(event.after("what"))
    if not body and what:
        return Activity(what[0], by="")
    return Activity(_("The customer wrote"), [*([shortened(body)] if body else []), *what], by="")


def _capitalized(sentence: str | None) -> list[str]:
    text = shown(sentence or "")
    return [f"{text[0].upper()}{text[1:]}"] if text else []


def _time(moment: str) -> Markup:
    return when(dt.datetime.fromisoformat(moment), inside=True)


def _rule(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        rule = event.after("rule") or event.before("rule")
        return Activity(words, _capitalized(rule))

    return activity


def _opt_out(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        source = event.after("source")
        return Activity(words, [SOURCES[OptOutSource(source)]] if source else [])

    return activity


ACTIVITY: dict[str, ActivityText | str] = {
    **{f"message.{status.value}": _became(words) for status, words in STATES.items()},
    "message.scheduled": _scheduled,
    "message.edited": _edited,
    "message.resent": _became(N_("Message to be sent again")),
    "message.undone": _became(N_("Message no longer done")),
    "message.released": _became(N_("Message no longer waiting")),
    "message.received": _received,
    "series.begun": _rule(N_("Repeating message added")),
    "series.changed": _rule(N_("Repeating message changed")),
    "series.stopped": _rule(N_("Repeating stopped")),
    "series.resumed": _rule(N_("Repeating again")),
    "series.ended": _rule(N_("Repeating ended")),
    "suppression.added": _opt_out(N_("Opted out of messages")),
    "suppression.changed": _opt_out(N_("Opt-out changed")),
    "suppression.removed": _opt_out(N_("Messages allowed again")),
}
