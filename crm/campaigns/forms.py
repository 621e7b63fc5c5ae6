"""The form of a campaign."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from wtforms import BooleanField, Field, RadioField, SelectField, StringField, TextAreaField, ValidationError

from crm.accounts.queries import current_organization
from crm.campaigns.models import Campaign
from crm.campaigns.rules import MAX_HELD_OUT, MAX_NAME
from crm.customers.rules import MessagePurpose
from crm.kernel.extensions import db
from crm.message_templates.queries import kept_templates
from crm.message_templates.rules import problem
from crm.messages.channels.base import MAX_SUBJECT
from crm.messages.channels.registry import NAMES, all_channels, channel_named, choose
from crm.messages.checks import room_for
from crm.segments.queries import offered
from crm.values import clock
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.values.text import ascii_digits
from crm.web.filters import percent
from crm.web.forms import CreatingForm, Length, Required, options

MOST_TEMPLATES = 200
USUAL = ""
HOLD_OUTS = (0, 5, 10, 20, 50)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?")


class CampaignForm(CreatingForm):
    """A campaign; `values` are its columns once the form is valid. A template brings its channel and its text."""

    name = StringField(N_("Name"), [Required(N_("Enter a name for the campaign.")), Length(MAX_NAME)])
    segment = SelectField(N_("To"), validate_choice=False)
    channel = RadioField(N_("Send by"), validate_choice=False)
    template = SelectField(N_("Or a template"), validate_choice=False)
    subject = StringField(N_("Subject"), [Length(MAX_SUBJECT)])
    body = TextAreaField(N_("Message"))
    send_at = StringField(N_("When"))
    at_their_hour = BooleanField(N_("Each at their hour"))
    hold_out = SelectField(N_("Hold out"), validate_choice=False)

    def __init__(self, campaign: Campaign | None = None, **first: Any) -> None:
        self.campaign, self.zone = campaign, clock.zone(current_organization().time_zone)
        super().__init__(data={} if self.is_submitted() else _typed(campaign, self.zone) if campaign else first)
        self._segments = {str(segment.id): segment for segment in offered()}
        found = db.session.scalars(kept_templates().limit(MOST_TEMPLATES))
        self._templates = {str(template.id): template for template in found}
        self.segment.choices = options(
            [("", self._nobody()), *((id_, row.name) for id_, row in self._segments.items())]
        )
        self.channel.choices = options((channel, channel.label) for channel in all_channels())
        named = ((id_, f"{row.name} ({row.channel.label})") for id_, row in self._templates.items())
        self.template.choices = options([("", _("None: your own text")), *named])
        shares = [(USUAL, _("As usual: 10%% from 1,000 recipients on")), ("0", _("Nobody"))]
        self.hold_out.choices = options([*shares, *((str(each), percent(each)) for each in HOLD_OUTS if each)])
        self._found: dict[str, Any] = {"segment_id": None, "template_id": None, "send_at": None, "hold_out": None}

    @property
    def is_chosen(self) -> bool:
        """Whether it goes to customers who were chosen in the list."""
        campaign = self.campaign
        return campaign is not None and campaign.segment_id is None and bool(campaign.customer_ids or campaign.query)

    def values(self) -> dict[str, Any]:
        template = self._found["template_id"] is not None
        texts = {
            "subject": "" if template else self.subject.data or "",
            "body": "" if template else self.body.data or "",
        }
        return {"name": self.name.data, "at_their_hour": self.at_their_hour.data, **self._found, **texts}

    def validate_segment(self, field: Field) -> None:
        if not field.data and self.is_chosen:
            return
        if field.data not in self._segments:
            raise ValidationError(_("Choose the segment to write to."))
        self._found["segment_id"] = self._segments[field.data].id

    def validate_channel(self, field: Field) -> None:
        if field.data not in NAMES:
            raise ValidationError(choose())
        self._found["channel"] = channel_named(field.data)

    def validate_template(self, field: Field) -> None:
        if not field.data:
            return
        template = self._templates.get(field.data)
        if template is None:
            raise ValidationError(_("Choose a template from the list."))
        self._found |= {"template_id": template.id, "channel": template.channel}

    def validate_subject(self, field: Field) -> None:
        channel = channel_named(self.channel.data) if self.channel.data in NAMES else None
        if self.template.data:
            return
        if channel is None or not channel.has_subject:
            field.data = ""
        elif not field.data:
            raise ValidationError(_("Write the subject."))
        elif wrong := problem(field.data or ""):
            raise ValidationError(wrong)

    def validate_body(self, field: Field) -> None:
        if self.template.data:
            return
        if not field.data:
            raise ValidationError(_("Write the message, or choose a template."))
        known = self.channel.data in NAMES
        room = room_for(channel_named(self.channel.data), MessagePurpose.MARKETING) if known else None
        if wrong := problem(field.data, room):
            raise ValidationError(wrong)

    def validate_send_at(self, field: Field) -> None:
        if not field.data:
            return
        written = ascii_digits(field.data)
        if not _MOMENT.fullmatch(written):
            raise ValidationError(_("Enter a date and time like 2026-11-24 09:00."))
        try:
            self._found["send_at"], _note = clock.from_local(dt.datetime.fromisoformat(written), self.zone)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_hold_out(self, field: Field) -> None:
        if field.data:
            share = ascii_digits(field.data).strip()
            if not re.fullmatch(r"\d{1,2}", share, re.ASCII) or int(share) > MAX_HELD_OUT:
                raise ValidationError(_("Enter a share from 0 to %(most)s percent.", most=MAX_HELD_OUT))
            self._found["hold_out"] = int(share)

    def _nobody(self) -> str:
        campaign = self.campaign
        if campaign is None or not self.is_chosen:
            return _("Choose a segment")
        count = len(campaign.customer_ids)
        if not count:
            return _("All that matched the list, but some")
        return ngettext("%(num)s chosen customer", "%(num)s chosen customers", count, num=count)


def _typed(campaign: Campaign, zone: Any) -> dict[str, Any]:
    """Return what the form of a campaign shows."""
    at = campaign.send_at
    return {
        "name": campaign.name,
        "segment": str(campaign.segment_id or ""),
        "channel": str(campaign.channel),
        "template": str(campaign.template_id or ""),
        "subject": campaign.subject,
        "body": campaign.body,
        "send_at": f"{clock.to_local(at, zone):%Y-%m-%dT%H:%M}" if at else "",
        "at_their_hour": campaign.at_their_hour,
        "hold_out": USUAL if campaign.hold_out is None else str(campaign.hold_out),
    }
