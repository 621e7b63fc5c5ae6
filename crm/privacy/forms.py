"""The forms of erasures, and of the rules of what is kept."""

from __future__ import annotations

from typing import Any

from wtforms import Field, StringField, TextAreaField, ValidationError

from crm.privacy.rules import RULES
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import ascii_digits
from crm.web.forms import Form, Length, Required


class Number:
    """A whole number between two; empty if the rule is off."""

    def __init__(self, least: int, most: int, *, needed: bool = False) -> None:
        self.least, self.most, self.needed = least, most, needed

    def __call__(self, form: Any, field: Field) -> None:
        typed = ascii_digits((field.data or "").strip())
        if not typed and not self.needed:
            return
        if not (typed.isascii() and typed.isdigit() and self.least <= int(typed[:9]) <= self.most):
            raise ValidationError(
                _("Enter a number from %(least)s to %(most)s.", least=self.least, most=self.most)
                if self.needed
                else _(
                    "Enter a number from %(least)s to %(most)s, or leave it empty.", least=self.least, most=self.most
                )
            )


class RetentionForm(Form):
    inactive_months = StringField(N_("Erase customers who were inactive for (months)"), [Number(6, 240)])
    messages_days = StringField(N_("Delete the text of messages after (days)"), [Number(7, 3650)])
    inbound_days = StringField(N_("Delete texts that came in after (days)"), [Number(7, 3650)])
    imports_days = StringField(N_("Delete imported files after (days)"), [Number(1, 30)])
    deliveries_days = StringField(N_("Delete numbers and texts of deliveries after (days)"), [Number(7, 3650)])
    hold_years = StringField(N_("Keep receipts of invoices for (years)"), [Number(0, 30, needed=True)])

    def values(self) -> dict[str, int | None]:
        typed = {name: ascii_digits((self[name].data or "").strip()) for name in RULES}
        return {name: int(text) if text else None for name, text in typed.items()}


class EraseForm(Form):
    name = StringField(N_("Their name"), [Required(N_("Type the name, so that nobody else is erased."))])
    reason = TextAreaField(N_("Why"), [Required(N_("Write why, as in “asked by e-mail on 3 May”.")), Length(300)])

    def __init__(self, wanted: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted

    def validate_name(self, field: Field) -> None:
        if _plain(field.data) != _plain(self.wanted):
            raise ValidationError(_("Type the name as it stands here: %(name)s.", name=self.wanted))


def _plain(name: str | None) -> str:
    return " ".join((name or "").split()).casefold()
