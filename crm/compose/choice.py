"""Choosing a template in the form of a message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from flask import request
from wtforms import HiddenField, RadioField, SelectField, StringField, ValidationError

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.message_templates.models import Template
from crm.message_templates.queries import filled_for, language_of, templates
from crm.message_templates.rules import Wording, version_for
from crm.messages.rules import ApprovedTemplate, TemplateCategory
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import Form, options


class Edited(NamedTuple):
    """What a message that is being changed says already: as people read it, and what it was filled from."""

    body: str
    channel: str
    wording: Wording
    subject: str = ""

    @property
    def template_id(self) -> str:
        """The template that the form shows as chosen."""
        approved = self.wording.approved
        return str(approved.template_id) if approved and approved.template_id else ""


class TemplateChoice(Form):
    """The template whose text was put into the form, and whether it still is that text.

    Of the versions of a template the one in the customer's language is offered.
    """

    template = SelectField(N_("Template"), validate_choice=False)
    subject = StringField(N_("Subject"))
    purpose = RadioField(N_("What it is for"), validate_choice=False, default=MessagePurpose.SERVICE)
    replaced = HiddenField()
    """A text of one's own that a template took the place of."""

    customer: Customer
    organization: Organization
    edited: Edited | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.templates = {str(template.id): template for template in templates()}
        self.versions: dict[tuple[str, str], list[Template]] = {}
        for template in self.templates.values():
            self.versions.setdefault((template.name_key, template.channel), []).append(template)
        offered = map(self._version, self.versions.values())
        known = ((version.id, f"{version.name} ({version.channel.label})") for version in offered)
        self.template.choices = options([("", N_("None")), *known])
        self.template.data = self._offered(self.template.data)
        self.purpose.choices = options((purpose, purpose.label) for purpose in MessagePurpose)

    @property
    def chosen(self) -> Template | None:
        """The template that is chosen."""
        return self.templates.get(self.template.data or "")

    def validate_template(self, field: SelectField) -> None:
        """Refuse a template that isn't there any more."""
        if field.data and self.chosen is None:
            raise ValidationError(_("Choose a template from the list."))

    def validate_purpose(self, field: RadioField) -> None:
        """Default to a message about the customer's business."""
        field.data = field.data or MessagePurpose.SERVICE
        if field.data not in list(MessagePurpose):
            raise ValidationError(_("Choose what it is for."))

    @property
    def chosen_purpose(self) -> MessagePurpose:
        """What the message is for; one that goes out as a template for marketing is marketing, whatever was chosen."""
        approved = self.approved()
        if approved is not None and approved.category is TemplateCategory.MARKETING:
            return MessagePurpose.MARKETING
        typed = self.purpose.data
        return MessagePurpose(typed) if typed in list(MessagePurpose) else MessagePurpose.SERVICE

    def wants_template(self) -> bool:
        return "use_template" in request.form

    @property
    def is_put_back(self) -> bool:
        return request.form.get("use_template") == "back"

    def take_template(self) -> bool:
        """Put the template's text, filled for the customer, into the form; False when none is chosen."""
        template = self.chosen
        if template is None:
            return False
        filled = self.fill(template.wording)
        self.body.data, self.subject.data = filled.text, filled.subject
        self.channel.data, self.purpose.data = template.channel, template.purpose
        return True

    def refill(self) -> bool:
        """Take the chosen template, and of what else was typed what is right; False when none is chosen.

        A text of one's own that it replaces is kept, and can be put back.
        """
        before = self.body.data or ""
        if self.is_put_back:
            self.body.data, self.template.data, self.replaced.data = self.replaced.data, "", ""
            found = True
        elif not self.template.data and request.form["use_template"] == "chosen":
            found = True
        else:
            found = self.take_template()
            if found and before and not self._is_of_a_template(before):
                self.replaced.data = before
        self.validate()
        for field in self:
            field.errors = []
        if not found:
            self.fail("template", _("Choose a template from the list."))
        return found

    def wording(self) -> Wording:
        """Return what is sent: the template's text with its fields if nobody changed it, else the words as typed."""
        body, channel = self.body.data or "", self.channel.data
        if self.edited and self._is_as_it_was(self.edited):
            return self.edited.wording
        template = self.chosen
        if template and template.channel == channel and self._is_filled_from(template):
            versions = self.versions[template.name_key, template.channel]
            others = tuple(version.wording for version in versions if version is not template)
            return replace(template.wording, others=others)
        return Wording(body, subject=self.subject.data or "")

    def approved(self) -> ApprovedTemplate | None:
        """Return the approved template that the message goes out as, with the customer's values."""
        return self.fill(self.wording()).approved

    def fill(self, wording: Wording) -> Wording:
        """Return what the customer would get."""
        return filled_for(wording, self.customer, self.organization)

    def _version(self, versions: Sequence[Template]) -> Template:
        wanted, usual = language_of(self.customer, self.organization), language_of(None, self.organization)
        return version_for(versions, wanted, usual)

    def _offered(self, id_: str | None) -> str | None:
        """Return the id of the version that is offered of a template."""
        template = self.templates.get(id_ or "")
        return str(self._version(self.versions[template.name_key, template.channel]).id) if template else id_

    def _is_of_a_template(self, text: str) -> bool:
        return any(self.fill(template.wording).text == text for template in self.templates.values())

    def _is_as_it_was(self, edited: Edited) -> bool:
        same_template = self.template.data in (None, self._offered(edited.template_id))
        typed = (self.body.data, self.channel.data, self.subject.data or "")
        return same_template and typed == (edited.body, edited.channel, edited.subject)

    def _is_filled_from(self, template: Template) -> bool:
        filled = self.fill(template.wording)
        return (filled.text, filled.subject) == (self.body.data or "", self.subject.data or "")
