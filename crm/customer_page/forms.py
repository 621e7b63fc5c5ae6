"""Forms about links."""

from __future__ import annotations

from wtforms import HiddenField, RadioField, ValidationError

from crm.customer_page.rules import MADE_BY_STAFF, Scope
from crm.messages.channels.registry import NAMES, choose
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, options

_OFFERED = {
    Scope.CARD: N_("Card: points, vouchers and the code to be scanned. Opens until you revoke it."),
    Scope.PAGE: N_("Page: also bookings, invoices and consent. Opens for 30 days."),
}


class LinkForm(CreatingForm):
    scope = RadioField(N_("What it opens"), validate_choice=False)

    def __init__(self) -> None:
        super().__init__(data={} if self.is_submitted() else {"scope": Scope.CARD.value})
        self.scope.choices = options(_OFFERED.items())

    def validate_scope(self, field: RadioField) -> None:
        if field.data not in MADE_BY_STAFF:
            raise ValidationError(_("Choose the card or the page."))


class SendLinkForm(CreatingForm):
    token = HiddenField()
    channel = HiddenField()

    def validate_channel(self, field: HiddenField) -> None:
        if field.data not in NAMES:
            raise ValidationError(choose())
