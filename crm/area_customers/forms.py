"""The form of an area customer."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField, StringField

from crm.area_customers.models import AreaCustomer
from crm.area_customers.rules import AREA_LIMIT
from crm.customers.fields import ContactForm, chosen_branch, offer_branches
from crm.values.language import N_
from crm.web.forms import CreatingForm, Length, Required


class AreaCustomerForm(ContactForm, CreatingForm):
    name = StringField(N_("Name"), [Required(N_("Enter the person's name."))])
    phone = StringField(N_("Phone"))
    email = StringField(N_("E-mail"))
    passport_number = StringField(N_("Passport number"))
    area = StringField(N_("Area"), [Length(AREA_LIMIT)])
    branch = SelectField(N_("Branch"), coerce=str)

    def __init__(self, *args: Any, row: AreaCustomer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, obj=row, **kwargs)
        if row and not self.phone.raw_data:
            self.phone.data = row.full_phone
        offer_branches(self, row.branch_id if row else None)

    def values(self) -> dict[str, Any]:
        return self.contact_values() | {"area": self.area.data or ""} | chosen_branch(self)
