"""The form of a template."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, SelectField, StringField, TextAreaField, ValidationError

from crm.accounts.queries import current_organization
from crm.customers.rules import MessagePurpose
from crm.message_templates import rules
from crm.message_templates.models import Template
from crm.message_templates.preview import TemplatePreview
from crm.message_templates.queries import someone_like, templates
from crm.messages.channels.base import MAX_SUBJECT
from crm.messages.channels.registry import NAMES, all_channels, channel_named, choose
from crm.messages.checks import too_long
from crm.messages.rules import TemplateCategory
from crm.values.language import LANGUAGES, N_
from crm.values.language import gettext as _
from crm.values.text import clean_line
from crm.web.forms import CreatingForm, Length, Required, options


class TemplateForm(CreatingForm):
    """A text with fields, and its approved template; `q` finds the customer of the preview."""

    name = StringField(N_("Name"), [Required(N_("Enter the template's name.")), Length(100)])
    channel = RadioField(N_("Send by"), validate_choice=False)
    purpose = SelectField(N_("What it is for"), validate_choice=False, default=MessagePurpose.SERVICE)
    subject = StringField(N_("Subject"))
    body = TextAreaField(N_("Text"), [Required(N_("Write the text."))])
    approved_name = StringField(N_("WhatsApp template name"))
    language = SelectField(N_("Language"), validate_choice=False)
    language_code = StringField(N_("Language code at WhatsApp"))
    category = SelectField(N_("Category at WhatsApp"), validate_choice=False)
    parameters = TextAreaField(N_("Parameters, one a line"))
    q = StringField(N_("Preview for"))

    def __init__(self, template: Template | None = None, like: Template | None = None) -> None:
        """Show a template, or begin another version of one."""
        self.template, self.like = template, like
        super().__init__(data={} if self.is_submitted() else _values_of(template or like))
        self.channel.choices = options((channel, channel.label) for channel in all_channels())
        self.purpose.choices = options((purpose, purpose.label) for purpose in MessagePurpose)
        self.category.choices = options((category.value, category.label) for category in TemplateCategory)
        if like and not self.is_submitted():
            self.language.data, self.approved_name.data, self.language_code.data = _missing_language(like), "", ""
        names = [(language.code, language.name) for language in LANGUAGES.values()]
        others = [(code, code) for code in [self.language.data or ""] if code and code not in LANGUAGES]
        self.language.choices = options([("", N_("Any language")), *names, *others])

    def validate_channel(self, field: RadioField) -> None:
        if field.data not in NAMES:
            raise ValidationError(choose())

    def validate_subject(self, field: StringField) -> None:
        field.data = clean_line(field.data or "")
        if not self._has_subject():
            field.data = ""
            return
        if not field.data:
            raise ValidationError(_("Write the subject."))
        _refuse(rules.problem(field.data, MAX_SUBJECT))

    def validate_body(self, field: TextAreaField) -> None:
        channel = channel_named(self.channel.data if self.channel.data in NAMES else _first())
        text, room = field.data or "", channel.max_length
        if len(text) > room:
            raise ValidationError(too_long(len(text) - room, channel))
        _refuse(rules.problem(text, room))

    def validate_approved_name(self, field: StringField) -> None:
        if not self._may_be_approved():
            return
        if not field.data and (self.language_code.data or self.parameters.data):
            raise ValidationError(
                _("Enter the name that WhatsApp approved, or leave the parameters and the language code empty.")
            )
        if field.data and not rules.APPROVED_NAME.fullmatch(field.data):
            raise ValidationError(
                _("Enter the name as WhatsApp shows it, like order_ready, or the Content SID as Twilio shows it.")
            )

    def validate_language(self, field: SelectField) -> None:
        """Require a language for WhatsApp; Twilio's contents include it."""
        code = field.data or ""
        if code and not rules.LANGUAGE.fullmatch(code):
            raise ValidationError(_("Choose the language from the list."))
        name = self.approved_name.data or ""
        if self._may_be_approved() and name and not name.startswith("HX") and not (code or self.language_code.data):
            raise ValidationError(_("Choose the language: WhatsApp approves a template for one."))

    def validate_language_code(self, field: StringField) -> None:
        code, language = field.data or "", self.language.data or ""
        if not self._may_be_approved() or not code:
            return
        if not rules.LANGUAGE.fullmatch(code):
            raise ValidationError(_("Enter the language code as WhatsApp shows it, like id or en_US."))
        if language and rules.spoken(code) != rules.spoken(language):
            raise ValidationError(_("This code is of another language than the template."))

    def validate_purpose(self, field: SelectField) -> None:
        if field.data not in list(MessagePurpose):
            raise ValidationError(_("Choose what it is for."))

    def validate_category(self, field: SelectField) -> None:
        if (field.data or "") not in list(TemplateCategory):
            raise ValidationError(_("Choose the category from the list."))

    def validate_parameters(self, field: TextAreaField) -> None:
        if not self._may_be_approved():
            return
        _refuse(rules.parameters_problem(rules.parameters_of(field.data or "")))

    def values(self) -> dict[str, Any]:
        """Return valid values for the services; approval only for channels that have it."""
        approved = self._may_be_approved() and bool(self.approved_name.data)
        category = TemplateCategory((approved and self.category.data) or "")
        is_offer = category is TemplateCategory.MARKETING
        return {
            "name": self.name.data,
            "channel": channel_named(self.channel.data),
            "subject": self.subject.data,
            "body": self.body.data,
            "approved_name": self.approved_name.data if approved else "",
            "language": (approved and self.language_code.data) or self.language.data or "",
            "purpose": MessagePurpose.MARKETING if is_offer else MessagePurpose(self.purpose.data),
            "category": category,
            "parameters": rules.parameters_of(self.parameters.data or "") if approved else [],
        }

    def preview(self) -> TemplatePreview:
        query = self.q.data or ""
        found = someone_like(query)
        channel = channel_named(self.channel.data if self.channel.data in NAMES else NAMES[0])
        parameters = rules.parameters_of(self.parameters.data or "") if self._may_be_approved() else []
        missing = query if found is None else ""
        return TemplatePreview.of(
            found or someone_like(""),
            current_organization(),
            channel,
            self.body.data or "",
            parameters,
            missing,
            self.language.data or "",
            (self.subject.data or "") if self._has_subject() else "",
        )

    def _has_subject(self) -> bool:
        return self.channel.data in NAMES and channel_named(self.channel.data).has_subject

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
    spoken = rules.spoken(template.language)
    return {
        "name": template.name,
        "channel": template.channel,
        "subject": template.subject,
        "body": template.body,
        "approved_name": template.approved_name,
        "language": spoken if spoken in LANGUAGES else template.language,
        "language_code": template.language if template.language not in ("", spoken) else "",
        "purpose": template.purpose,
        "category": template.category,
        "parameters": "\n".join(template.parameters),
    }


def _missing_language(template: Template) -> str:
    """Return the first language that a template has no version in."""
    same = [version for version in templates() if version.name_key == template.name_key]
    known = {rules.spoken(version.language) for version in same}
    return next((code for code in LANGUAGES if code not in known), "")
