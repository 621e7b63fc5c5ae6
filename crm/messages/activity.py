"""The words for what happens to a customer's messages, to what comes again, and to opt-outs."""

from __future__ import annotations

import datetime as dt

from markupsafe import Markup

from crm.customers.timeline import Happened, Told, Words, shortened
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
"""What became of a message, to stand after it."""

SOURCES = {
    OptOutSource.STOP: "By a stop word",
    OptOutSource.PROVIDER: "Told by the provider",
    OptOutSource.STAFF: "Put on the list by staff",
}


def _became(words: str) -> Words:
    def told(happened: Happened) -> Told:
        reason = happened.after("reason")
        return Told(_message(happened, words), [reason] if reason else [], by="")

    return told


def _message(happened: Happened, words: str) -> str:
    return Markup("{} {}").format(happened.link("Message", "message"), words)


def _scheduled(happened: Happened) -> Told:
    name = happened.link(channel_named(happened.after("channel")).label, "message")
    said = Markup("{} scheduled for {}").format(name, _time(happened.after("send_at")))
    return Told(said, [shortened(happened.after("body"))])


def _edited(happened: Happened) -> Told:
    lines: list[str] = []
    if "send_at" in happened.changes:
        lines.append(Markup("From {} to {}").format(*map(_time, happened.changes["send_at"])))
    if "channel" in happened.changes:
        before, after = (channel_named(value).label for value in happened.changes["channel"])
        lines.append(f"From {before} to {after}")
    if "body" in happened.changes:
        lines.append(f"Now {shortened(happened.after('body'))}")
    return Told(_message(happened, "was changed"), lines)


def _received(happened: Happened) -> Told:
    body, what = happened.after("body"), happened.after("what")
    lines = [*([shortened(body)] if body else []), *([f"{what[0].upper()}{what[1:]}"] if what else [])]
    return Told("The customer wrote", lines, by="")


def _time(moment: str) -> str:
    return when(dt.datetime.fromisoformat(moment))


def _rule(words: str) -> Words:
    def told(happened: Happened) -> Told:
        rule = happened.after("rule") or happened.before("rule")
        return Told(words, [f"{rule[0].upper()}{rule[1:]}"] if rule else [])

    return told


def _opt_out(words: str) -> Words:
    def told(happened: Happened) -> Told:
        source = happened.after("source")
        return Told(words, [SOURCES[OptOutSource(source)]] if source else [])

    return told


WORDS: dict[str, Words | str] = {
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
"""How each event is told."""
