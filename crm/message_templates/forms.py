"""The form of a template."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, StringField, TextAreaField, ValidationError

from crm.accounts.queries import current_organization
from crm.message_templates import rules
from crm.message_templates.models import Template
from crm.message_templates.preview import TemplatePreview
from crm.message_templates.queries import someone_like
from crm.messages.channels.registry import NAMES, all_channels, channel_named, choose
from crm.messages.services import too_long
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, Length, Required, options


class TemplateForm(CreatingForm):
    """A text with fields, and its approved template; `q` finds the customer of the preview."""

    name = StringField(N_("Name"), [Required(N_("Enter the template's name.")), Length(100)])
    channel = RadioField(N_("Send by"), validate_choice=False)
    body = TextAreaField(N_("Text"), [Required(N_("Write the text."))])
    approved_name = StringField(N_("WhatsApp template name"))
    language = StringField(N_("Language"))
    parameters = TextAreaField(N_("Parameters, one a line"))
    q = StringField(N_("Preview for"))

    def __init__(self, template: Template | None = None) -> None:
        self.template = template
        super().__init__(data={} if self.is_submitted() else _values_of(template))
        self.channel.choices = options((channel, channel.label) for channel in all_channels())

    def validate_channel(self, field: RadioField) -> None:
        if field.data not in NAMES:
            raise ValidationError(choose())

    def validate_body(self, field: TextAreaField) -> None:
        channel = channel_named(self.channel.data if self.channel.data in NAMES else _first())
        text, room = field.data or "", channel.max_length
        if len(text) > room:
            raise ValidationError(too_long(len(text) - room, channel))
        _refuse(rules.problem(text, room))

    def validate_approved_name(self, field: StringField) -> None:
        if not self._may_be_approved():
            return
        if not field.data and (self.language.data or self.parameters.data):
            raise ValidationError(
                _("Enter the name that WhatsApp approved, or leave the parameters and the language empty.")
            )
        if field.data and not rules.APPROVED_NAME.fullmatch(field.data):
            raise ValidationError(
                _("Enter the name as WhatsApp shows it, like order_ready, or the Content SID as Twilio shows it.")
            )

    def validate_language(self, field: StringField) -> None:
        """Require a language; Twilio's contents include it."""
        name, language = self.approved_name.data or "", field.data or ""
        if not self._may_be_approved() or not name or (name.startswith("HX") and not language):
            return
        if not rules.LANGUAGE.fullmatch(language):
            raise ValidationError(_("Enter the language as WhatsApp shows it, like id or en_US."))

    def validate_parameters(self, field: TextAreaField) -> None:
        if not self._may_be_approved():
            return
        _refuse(rules.parameters_problem(rules.parameters_of(field.data or "")))

    def values(self) -> dict[str, Any]:
        """Return valid values for the services; approval only for channels that have it."""
        approved = self._may_be_approved() and bool(self.approved_name.data)
        return {
            "name": self.name.data,
            "channel": channel_named(self.channel.data),
            "body": self.body.data,
            "approved_name": self.approved_name.data if approved else "",
            "language": self.language.data if approved else "",
            "parameters": rules.parameters_of(self.parameters.data or "") if approved else [],
        }

    def preview(self) -> TemplatePreview:
        query = self.q.data or ""
        found = someone_like(query)
        channel = channel_named(self.channel.data if self.channel.data in NAMES else NAMES[0])
        parameters = rules.parameters_of(self.parameters.data or "") if self._may_be_approved() else []
        missing = query if found is None else ""
        return TemplatePreview.of(
            found or someone_like(""), current_organization(), channel, self.body.data or "", parameters, missing
        )

    def _may_be_approved(self) -> bool:
        return self.channel.data in NAMES and channel_named(self.channel.data).has_approved_templates


def _refuse(problem: str | None) -> None:
    if problem:
        raise ValidationError(problem)


def _first() -> str:
    """Return the first channel with approved templates."""
    return next((str(channel) for channel in all_channels() if channel.has_approved_templates), NAMES[0])


def _values_of(template: Template | None) -> dict[str, Any]:
    if template is None:
        return {"channel": _first()}
    return {
        "name": template.name,
        "channel": template.channel,
        "body": template.body,
        "approved_name": template.approved_name,
        "language": template.language,
        "parameters": "\n".join(template.parameters),
    }
