"""The text of a campaign: a template with its versions, or words of one's own, with fields in both."""

from __future__ import annotations

from dataclasses import replace

from crm.accounts.queries import current_organization
from crm.campaigns.models import Campaign
from crm.customers.rules import MessagePurpose
from crm.kernel.errors import FieldError
from crm.kernel.extensions import db
from crm.message_templates.models import Template
from crm.message_templates.queries import kept_templates
from crm.message_templates.rules import Wording, problem
from crm.messages.channels.base import Channel
from crm.messages.checks import RefusedError, check_subject, room_for
from crm.messages.rules import TemplateCategory, unapproved
from crm.providers.registry import needs_approval
from crm.values.language import gettext as _


class TextError(FieldError):
    """Why a text can't be sent."""


def wording_of(campaign: Campaign) -> Wording:
    """Return the text as it is now; raises TextError."""
    wording = _of_template(campaign) if campaign.template_id is not None else _own(campaign)
    if campaign.channel.has_subject:
        try:
            check_subject(wording.subject)
        except RefusedError as error:
            raise TextError("subject", str(error)) from None
    if needs_approval(current_organization(), campaign.channel):
        _check_approval(wording)
    return wording


def _check_approval(wording: Wording) -> None:
    """Refuse a text that the provider would refuse as marketing, in whatever language."""
    if wording.approved is None:
        raise TextError(
            "template", _("WhatsApp delivers marketing only as an approved template. Choose one, or another channel.")
        )
    for version in (wording, *wording.others):
        category = version.approved.category if version.approved else TemplateCategory.UNKNOWN
        if refusal := unapproved(version.approved, category):
            raise TextError("template", refusal)


def _of_template(campaign: Campaign) -> Wording:
    template = db.session.get(Template, campaign.template_id)
    if template is None or template.deleted_at is not None:
        raise TextError("template", _("The template was deleted. Choose another one, or write the text."))
    if template.channel != campaign.channel:
        raise TextError("template", _("This template is for %(channel)s.", channel=template.channel.label))
    same = kept_templates().where(Template.name_key == template.name_key, Template.channel == template.channel)
    others = db.session.scalars(same.where(Template.id != template.id))
    wording = replace(template.wording, others=tuple(other.wording for other in others))
    for each in (wording, *wording.others):
        if wrong := problem(each.text, room_of(campaign.channel, each)):
            raise TextError("template", wrong)
    return wording


def _own(campaign: Campaign) -> Wording:
    if not campaign.body.strip():
        raise TextError("body", _("Write the message."))
    wording = Wording(campaign.body, True, subject=campaign.subject if campaign.channel.has_subject else "")
    wrong = problem(wording.text, room_of(campaign.channel, wording))
    if wrong:
        raise TextError("body", wrong)
    if campaign.channel.has_subject and (wrong := problem(campaign.subject)):
        raise TextError("subject", wrong)
    return wording


def room_of(channel: Channel, wording: Wording) -> int:
    """Return how many characters a text may have; one that WhatsApp approved goes out as it is."""
    return channel.max_length if wording.approved else room_for(channel, MessagePurpose.MARKETING)
