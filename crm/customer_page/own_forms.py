"""Forms of the customer's own page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from wtforms import SelectField, StringField, TextAreaField

from crm.customers.fields import BirthdayField, ContactForm
from crm.customers.models import Customer
from crm.loyalty.rules import read_points
from crm.people.contact_fields import ContactFields
from crm.values import phone
from crm.values.language import LANGUAGES, N_
from crm.values.language import gettext as _
from crm.web.filters import phone_number
from crm.web.forms import CreatingForm, Form, Required, options
from crm.web.ids import id_in

OFF = ("", "0", "no", "off", "false", "n", "none")
"""What a switch may send that is off, besides nothing."""


class CodeForm(Form):
    code = StringField(N_("Code"), [Required(N_("Enter the six digits that we sent you."))])


class RedeemForm(CreatingForm):
    reward = StringField(N_("Reward"))
    points = StringField(N_("Points"))

    @property
    def reward_id(self) -> int:
        """The reward, 0 for none."""
        return id_in(self.reward.data) or 0

    @property
    def number(self) -> int | None:
        """How many points, for a reward by the point; raises ValueError with a sentence."""
        return read_points(self.points.data) if self.points.data else None


class ProfileForm(ContactForm, CodeForm):
    name = StringField(N_("Name"), [Required(N_("Enter your name."))])
    phone = StringField(N_("Phone"))
    email = StringField(N_("E-mail"))
    address = TextAreaField(N_("Address"))
    city = StringField(N_("City"))
    province = StringField(N_("Province"))
    postal_code = StringField(N_("Postal code"))
    birthday = BirthdayField(N_("Birthday"))
    language = SelectField(N_("Language"), validate_choice=False)

    def __init__(self, customer: Customer, region: str, *, is_sent: bool) -> None:
        self._customer, self._region = customer, region
        super().__init__(obj=customer, **({} if is_sent else {"formdata": None}))
        shown = phone_number(customer.phone, customer.phone_valid)
        self._phone = shown, customer.full_phone
        for name, field in self._fields.items():
            if is_sent and not field.raw_data and name in _TYPED:
                field.data = getattr(customer, name) or ""  # what isn't sent stays as it is
        if not self.phone.raw_data:
            self.phone.data = shown
        if not self.birthday.raw_data:
            self.birthday.data = customer.full_birthday
        self.language.choices = options(
            [("", _("The shop's")), *((each.code, each.name) for each in LANGUAGES.values())]
        )

    def contact_values(self) -> dict[str, Any]:
        """Return the values by column; a number that is as it was shown is the stored one."""
        values, (shown, stored) = super().contact_values(), self._phone
        return values | {"phone": stored} if shown and values["phone"] == shown else values

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Ask for a number that codes can be sent to, where there is one now."""
        valid = super().validate(*args, **kwargs)
        typed = ContactFields.read(self.contact_values(), self._region)
        if typed.phone != self._customer.phone and not typed.phone_valid and not self.phone.errors:
            reason = phone.parse(typed.phone, self._region).reason if typed.phone else ""
            self.fail("phone", reason or _("Enter a number by which we can reach you."))
            return False
        return valid


_TYPED = ("name", "email", "address", "city", "province", "postal_code", "language")


def switched(form: Mapping[str, str], names: Collection[str]) -> set[str]:
    """Return the switches that are on in what was sent."""
    return {name for name in names if form.get(name, "").strip().lower() not in OFF}
