"""The form of a message."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

from wtforms import BooleanField, RadioField, StringField, TextAreaField, ValidationError

from crm.accounts.queries import current_organization
from crm.compose.choice import Edited, TemplateChoice
from crm.compose.preview import MessagePreview, wording_notes
from crm.compose.times import OfferedTime, offered_times, quiet_until
from crm.consents.footers import footer_line
from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.kernel.errors import SentenceError
from crm.message_templates.rules import Wording
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import NAMES, all_channels, channel_named, choose, consent_problem
from crm.messages.checks import RefusedError, check_subject
from crm.messages.models import Message
from crm.messages.rules import TemplateCategory, unapproved
from crm.providers.registry import needs_approval
from crm.series.forms import RepeatFields
from crm.series.forms import values_of as values_of_series
from crm.series.queries import series_of_message
from crm.values import clock
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import clean_line
from crm.web.forms import CreatingForm, options

IN_DAYS = 1
"""Where no time of tomorrow can be offered."""

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?")


class MessageForm(TemplateChoice, RepeatFields, CreatingForm):
    """Text, channel, time (in days or exact), and repetition."""

    channel = RadioField(N_("Send by"), validate_choice=False)
    body = TextAreaField(N_("Message"))
    in_days = StringField(N_("Send in … days"))
    send_at = StringField(N_("Or on a date and time"))
    must_arrive = BooleanField(N_("Resend if delivery is unknown"))

    def __init__(self, customer: Customer, message: Message | None = None, reply: str | None = None) -> None:
        self.customer, self.message = customer, message
        self.organization = current_organization()
        self.zone = clock.zone(self.organization.time_zone)
        self.now = clock.utcnow()
        self.moment: dt.datetime | None = None
        """The time, after validation."""
        self.note: str | None = None
        """The note about an ambiguous time."""
        self.times = offered_times(self.organization, self.now)
        self.reply = reply
        """The channel of the text being answered, if any."""
        self.series = series_of_message(message.id) if message else None
        self.edited = self._edited(message) if message else None
        super().__init__(data={} if self.is_submitted() else self._first_values())
        self.channel.choices = options((channel, channel.label) for channel in all_channels())

    def validate_channel(self, field: RadioField) -> None:
        if field.data not in NAMES:
            raise ValidationError(choose())

    def validate_subject(self, field: StringField) -> None:
        """Require a subject where there is one; with only a template it is the template's."""
        field.data = clean_line(field.data or "")
        channel = channel_named(self.channel.data) if self.channel.data in NAMES else None
        if channel is None or not channel.has_subject:
            field.data = ""
        elif self.body.data or self.chosen is None:
            try:
                check_subject(field.data)
            except RefusedError as error:
                raise ValidationError(str(error)) from None

    def validate_body(self, field: TextAreaField) -> None:
        """Require a text; with only a template it is the template's."""
        if not field.data and not self.take_template():
            raise ValidationError(_("Write the message."))

    def validate_in_days(self, field: StringField) -> None:
        """Compute the time from a number of days; a typed time wins."""
        if not field.data or self._is_time_changed():
            return
        if not field.data.isascii() or not field.data.isdigit():
            raise ValidationError(_("Enter a number of days from 0 to %(most)s.", most=clock.MAX_DAYS))
        try:
            self.moment = clock.in_days(int(field.data[:9]), self.now, self.zone)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_send_at(self, field: StringField) -> None:
        """Parse a time that exists in the organization's zone."""
        if self.moment is not None or self.in_days.errors:
            return
        if not field.data:
            raise ValidationError(_("Say when: enter a number of days, or a date and time."))
        if self.message is not None and not self._is_time_changed():
            self.moment = self.message.send_at
            return
        try:
            self.moment, self.note = clock.from_local(_naive(field.data), self.zone)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    @property
    def place(self) -> str:
        """The place that the organization's clocks are named by."""
        return self.zone.key.rpartition("/")[2].replace("_", " ")

    @property
    def offered_time(self) -> str:
        """The code of the offered time that the fields hold."""
        held = (self.in_days.data or "", self.send_at.data or "")
        if self.in_days.errors or self.send_at.errors:
            return "pick"
        return next((time.code for time in self.times if any(held) and (time.in_days, time.send_at) == held), "pick")

    def content(self) -> tuple[Channel, str, dt.datetime]:
        if self.moment is None:
            raise RuntimeError("content() of a form that is not valid")
        return channel_named(self.channel.data), self.body.data, self.moment

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "must_arrive": self.must_arrive.data,
            "template": self.approved(),
            "subject": self.subject.data,
            "purpose": self.chosen_purpose,
        }
        return options | ({"rule": self.rule(), "wording": self.wording()} if self.changes_all else {})

    def explain(self, error: SentenceError) -> None:
        field = error.field if isinstance(error, RefusedError) else "body"
        self.refuse(field, error)

    def preview(self) -> MessagePreview:
        channel = channel_named(self.channel.data) if self.channel.data in NAMES else None
        if not self.is_submitted():
            self.validate_in_days(self.in_days)
            self.validate_send_at(self.send_at)
        body, rule, wording = self.body.data or "", self.rule(), self.wording()
        notes = [self.note] if self.note else []
        held_until = quiet_until(self.moment, self.organization) if self.moment else None
        if held_until:
            when = clock.say_full(held_until, self.zone, self.organization.locale)
            notes.append(_("Quiet hours: it will be sent on %(when)s.", when=when))
        notes += wording_notes(self.fill(wording), self.chosen, channel)
        if rule and wording.has_fields:
            notes.append(_("The text is filled in anew each time."))
        purpose, refusal, footer = self.chosen_purpose, None, ""
        if purpose is MessagePurpose.MARKETING and channel and body:
            refusal = self._unapproved(channel, wording)
            footer = "" if refusal or wording.approved else footer_line(channel, self.customer, self.organization)
        found = MessagePreview.of(
            self.customer, self.organization, channel, body, self.moment, rule, notes, purpose, footer
        )
        return replace(found, problem=found.problem or refusal)

    def _unapproved(self, channel: Channel, wording: Wording) -> str | None:
        """Return why the provider takes no marketing as it is, or None."""
        approved = wording.approved
        category = approved.category if approved else TemplateCategory.UNKNOWN
        return unapproved(approved, category) if needs_approval(self.organization, channel) else None

    def _edited(self, message: Message) -> Edited:
        found = Wording(message.body, False, message.approved, subject=message.subject)
        if self.series:
            filled = self.fill(self.series.words)
            if (filled.text, filled.subject) == (message.body, message.subject):
                found = self.series.words
        return Edited(message.body, message.channel, found, message.subject)

    def _first_values(self) -> dict[str, Any]:
        values = values_of_series(self.series)
        if self.message is not None and self.edited is not None:
            at = clock.to_local(self.message.send_at, self.zone)
            return values | {
                "template": self.edited.template_id,
                "channel": self.message.channel,
                "subject": self.message.subject,
                "body": self.message.body,
                "send_at": f"{at:%Y-%m-%dT%H:%M}",
                "must_arrive": self.message.must_arrive,
                "purpose": self.message.purpose,
            }
        allowed = [channel for channel in all_channels() if consent_problem(self.customer, channel) is None]
        if self.reply in allowed:
            return values | {"channel": self.reply, "in_days": "0"}
        reachable = [channel for channel in allowed if channel.addresses.of(self.customer)]
        # A letter is for those whom no shorter way reaches.
        choices = sorted(reachable or allowed or all_channels(), key=lambda channel: not channel.has_subject)
        return values | {"channel": choices[-1], **self._first_time()}

    def _first_time(self) -> dict[str, str]:
        tomorrow: OfferedTime | None = next((time for time in self.times if time.code == "tomorrow"), None)
        return {"send_at": tomorrow.send_at} if tomorrow else {"in_days": str(IN_DAYS)}

    def _is_time_changed(self) -> bool:
        return bool(self.send_at.data) and self.send_at.data != self._first_values().get("send_at")


def _naive(text: str) -> dt.datetime:
    if not _MOMENT.fullmatch(text):
        raise ValueError(_("Enter a date and time like 2026-11-24T09:00."))
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_("There is no such date or time. Check the day and the hour.")) from None
