"""The form of an area customer."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField, StringField, ValidationError

from crm.accounts.queries import branches
from crm.area_customers.models import AreaCustomer
from crm.area_customers.rules import AREA_LIMIT
from crm.branch_scope import bound_branch
from crm.customers.identity import EmailError, normalize_email
from crm.customers.rules import LIMITS
from crm.web.forms import CreatingForm, Length, Required, options

EDITED = ("name", "phone", "email", "passport_number", "area")


class AreaCustomerForm(CreatingForm):
    """Who it is, and in which area; only the name is needed."""

    name = StringField("Name", [Required("Enter the person's name."), Length(LIMITS["name"])])
    phone = StringField("Phone", [Length(LIMITS["phone"])])
    email = StringField("E-mail", [Length(LIMITS["email"])])
    passport_number = StringField("Passport number", [Length(LIMITS["passport_number"])])
    area = StringField("Area", [Length(AREA_LIMIT)])
    branch = SelectField("Branch", coerce=str)

    def __init__(self, *args: Any, row: AreaCustomer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, obj=row, **kwargs)
        self.branch.choices = options([("", "None"), *((branch.id, branch.name) for branch in branches())])
        # The row's own `branch` is a record; the choices know it by its number.
        if not self.branch.raw_data:
            self.branch.data = str(row.branch_id or "") if row else ""
        if bound_branch() is not None:
            # The services keep it: nobody who is bound to a branch adds to another or moves anybody there.
            del self.branch

    def validate_email(self, field: StringField) -> None:
        """Refuse what is no e-mail address."""
        try:
            normalize_email(field.data or "")
        except EmailError as error:
            raise ValidationError(str(error)) from None

    def values(self) -> dict[str, Any]:
        """Return the values for the services, by column."""
        values = {name: self[name].data or "" for name in EDITED}
        return values | ({"branch_id": int(self.branch.data or 0) or None} if self.branch else {})
