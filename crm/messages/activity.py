"""Activity texts for a customer's messages, series and opt-outs."""

from __future__ import annotations

import datetime as dt

from markupsafe import Markup

from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.messages.channels.registry import channel_named
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource
from crm.web.filters import when

STATES = {
    Status.SCHEDULED: "is scheduled again",
    Status.CLAIMED: "is about to be sent",
    Status.SUBMITTING: "is being sent",
    Status.ACCEPTED: "was handed over",
    Status.SENT: "was sent",
    Status.DELIVERED: "was delivered",
    Status.READ: "was read",
    Status.RETRY_WAIT: "will be tried again",
    Status.HELD: "waits",
    Status.REMINDER: "is due, to be sent by hand",
    Status.UNKNOWN: "is being checked: nobody knows whether it went out",
    Status.UNCONFIRMED: "could not be confirmed",
    Status.FAILED: "failed",
    Status.UNDELIVERED: "was not delivered",
    Status.SUPPRESSED: "was stopped",
    Status.EXPIRED: "was too late to be sent",
    Status.CANCELED: "was canceled",
    Status.DONE: "was marked as done",
    Status.NO_REPORT: "was handed over, and no report came",
}
"""The predicate of a message in each status."""

SOURCES = {
    OptOutSource.STOP: "By a stop word",
    OptOutSource.PROVIDER: "Told by the provider",
    OptOutSource.STAFF: "Put on the list by staff",
}


def _became(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        reason = event.after("reason")
        return Activity(_message(event, words), [reason] if reason else [], by="")

    return activity


def _message(event: ActivityEvent, words: str) -> str:
    return Markup("{} {}").format(event.link("Message", "message"), words)


def _scheduled(event: ActivityEvent) -> Activity:
    name = event.link(channel_named(event.after("channel")).label, "message")
    text = Markup("{} scheduled for {}").format(name, _time(event.after("send_at")))
    return Activity(text, [shortened(event.after("body"))])


def _edited(event: ActivityEvent) -> Activity:
    lines: list[str] = []
    if "send_at" in event.changes:
        lines.append(Markup("From {} to {}").format(*map(_time, event.changes["send_at"])))
    if "channel" in event.changes:
        before, after = (channel_named(value).label for value in event.changes["channel"])
        lines.append(f"From {before} to {after}")
    if "body" in event.changes:
        lines.append(f"Now {shortened(event.after('body'))}")
    return Activity(_message(event, "was changed"), lines)


def _received(event: ActivityEvent) -> Activity:
    body, what = event.after("body"), event.after("what")
    lines = [*([shortened(body)] if body else []), *([f"{what[0].upper()}{what[1:]}"] if what else [])]
    return Activity("The customer wrote", lines, by="")


def _time(moment: str) -> str:
    return when(dt.datetime.fromisoformat(moment))


def _rule(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        rule = event.after("rule") or event.before("rule")
        return Activity(words, [f"{rule[0].upper()}{rule[1:]}"] if rule else [])

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
    "message.resent": _became("is to be sent again"),
    "message.undone": _became("is not done after all"),
    "message.released": _became("waits no longer"),
    "message.received": _received,
    "series.begun": _rule("A message repeats"),
    "series.changed": _rule("A message that repeats was changed"),
    "series.stopped": _rule("Repeating was stopped"),
    "series.resumed": _rule("Repeating goes on"),
    "series.ended": _rule("Repeating has ended"),
    "suppression.added": _opt_out("Opted out of messages"),
    "suppression.changed": _opt_out("Opt-out changed"),
    "suppression.removed": _opt_out("Gets messages again: off the list of opt-outs"),
}
