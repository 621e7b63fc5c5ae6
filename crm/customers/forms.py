"""The form of a customer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from crm.customers.consents import COLUMNS
from crm.customers.fields import BirthdayField, ContactForm, chosen_branch, offer_branches
from crm.customers.models import Customer
from crm.customers.referral_codes import MAX_TYPED, UnknownCodeError
from crm.customers.rules import CONSENTS, MARKETING, Consent
from crm.customers.shared_keys import EmailTakenError, SharedError
from crm.kernel.errors import SentenceError
from crm.people.contact_fields import KEY_FIELDS
from crm.values.language import LANGUAGES, N_
from crm.values.language import gettext as _
from crm.values.phone import with_extension
from crm.web.filters import phone_number
from crm.web.forms import CreatingForm, Length, Required, options


def _languages() -> list[SelectChoice]:
    return options([("", _("The organization's")), *((each.code, each.name) for each in LANGUAGES.values())])


def _consents() -> list[SelectChoice]:
    return options((state, state.label) for state in Consent)


def _as_shown(consents: Mapping[str, Any]) -> str:
    """Return consents as a hidden field keeps those that a form showed."""
    return " ".join(f"{name}={value if name in MARKETING else int(value)}" for name, value in consents.items())


def _shown_phone(customer: Customer) -> str:
    return with_extension(phone_number(customer.phone, customer.phone_valid), customer.phone_extension)


class CustomerForm(ContactForm, CreatingForm):
    name = StringField(N_("Name"), [Required(N_("Enter the customer's name."))])
    phone = StringField(N_("Phone"))
    email = StringField(N_("E-mail"))
    sms_allowed = BooleanField(N_("SMS allowed"), default=True)
    whatsapp_allowed = BooleanField(N_("WhatsApp allowed"), default=True)
    email_allowed = BooleanField(N_("E-mail allowed"), default=True)
    marketing_sms = SelectField(N_("Marketing by SMS"), choices=lambda: _consents(), default=Consent.NOT_ASKED)
    marketing_whatsapp = SelectField(
        N_("Marketing by WhatsApp"), choices=lambda: _consents(), default=Consent.NOT_ASKED
    )
    marketing_email = SelectField(N_("Marketing by e-mail"), choices=lambda: _consents(), default=Consent.NOT_ASKED)
    address = TextAreaField(N_("Address"))
    city = StringField(N_("City"))
    province = StringField(N_("Province"))
    postal_code = StringField(N_("Postal code"))
    passport_number = StringField(N_("Passport number"))
    birthday = BirthdayField(N_("Birthday"))
    service_type = StringField(N_("Service"))
    language = SelectField(N_("Language of messages"), choices=lambda: _languages(), validate_choice=False)
    branch = SelectField(N_("Branch"), coerce=str)
    notes = TextAreaField(N_("Notes"))
    referred_by = StringField(N_("Code of who referred them"), [Length(MAX_TYPED)])
    shown_consents = HiddenField()
    another_person = BooleanField()
    other: Customer | None = None
    """The customer who has the e-mail or the number already."""
    may_be_another = False

    def __init__(self, *args: Any, customer: Customer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, obj=customer, **kwargs)
        self._phone = (_shown_phone(customer), customer.full_phone) if customer else ("", "")
        if customer and not self.phone.raw_data:
            self.phone.data = self._phone[0]
        if customer and not self.birthday.raw_data:
            self.birthday.data = customer.full_birthday
        if customer and not self.shown_consents.raw_data:
            self.shown_consents.data = _as_shown({name: getattr(customer, name) for name in COLUMNS})
        if customer:
            del self.referred_by
        offer_branches(self, customer.branch_id if customer else None)

    def contact_values(self) -> dict[str, Any]:
        """Return the person's values by column; a number that is as it was shown is the stored one."""
        values, (shown, stored) = super().contact_values(), self._phone
        return values | {"phone": stored} if shown and values["phone"] == shown else values

    def values(self) -> dict[str, Any]:
        consents = {name: self[name].data for name in CONSENTS}
        consents |= {name: Consent(self[name].data) for name in MARKETING}
        # The customer may have withdrawn one meanwhile: what nobody changed here is left as it is.
        shown = set((self.shown_consents.data or "").split())
        consents = {name: value for name, value in consents.items() if _as_shown({name: value}) not in shown}
        referred_by = {"referred_by": self.referred_by.data or ""} if self.referred_by else {}
        return self.contact_values() | consents | chosen_branch(self) | referred_by

    def explain(self, error: SentenceError) -> None:
        if isinstance(error, EmailTakenError):
            self.fail("email", str(error))
            self.other = error.other
        elif isinstance(error, SharedError):
            self.fail(KEY_FIELDS[error.kind], str(error))
            self.other, self.may_be_another = error.other, True
        elif isinstance(error, UnknownCodeError):
            self.fail("referred_by", str(error))
        else:
            self.renew_key()
            self.form_errors.append(str(error))
