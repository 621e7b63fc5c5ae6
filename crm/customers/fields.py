"""Form fields shared by customers and by records about people."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from wtforms import StringField, ValidationError

from crm.accounts.queries import branches, current_organization
from crm.kernel.branch_scope import bound_branch
from crm.people.contact_fields import ContactFields
from crm.people.limits import LIMITS
from crm.values import clock, days
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import Form, options

UNREADABLE = N_("Write the birthday like 14 February, 14/02/1990 or 1990-02-14. The year may be left out.")
FUTURE = N_("This birthday is in the future.")


class BirthdayField(StringField):  # type: ignore[misc]  # wtforms has no types
    """A birthday as people write it; `data` is as 1990-02-14, or 02-14 without the year."""

    typed: str | None = None

    def process_formdata(self, valuelist: list[str]) -> None:
        self.typed = text = valuelist[0].strip() if valuelist else ""
        organization = current_organization()
        order = days.usual_order(organization.locale)
        found = days.read_typed(text, order, _today()) if text else days.Day("")
        self.data = found.text
        self.problem = (FUTURE if found.code == "future" else UNREADABLE) if found.is_wrong else ""

    def pre_validate(self, form: Any) -> None:
        if self.typed and self.problem:
            raise ValidationError(self.problem)

    def _value(self) -> str:
        if self.typed is not None:
            return self.typed
        return clock.say_birthday(self.data, current_organization().locale) if self.data else ""


def _today() -> dt.date:
    return clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()


class ContactForm(Form):
    columns: ClassVar[dict[str, str]] = {}
    """Columns by the names of fields that are called differently."""

    def contact_values(self) -> dict[str, Any]:
        """Return the person's values by column; the extension is typed behind the number."""
        named = {self.columns.get(name, name): field.data or "" for name, field in self._fields.items()}
        return {column: named[column] for column in LIMITS if column in named} | {"phone_extension": ""}

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate(*args, **kwargs)
        fields = {self.columns.get(name, name): name for name in self._fields}
        for column, problems in ContactFields.read(
            self.contact_values(), current_organization().phone_region
        ).problems.items():
            for problem in problems:
                self.fail(fields[column], problem.about(self[fields[column]].label.text))
                valid = False
        return valid


def offer_branches(form: Any, branch_id: int | None) -> None:
    """Offer all branches, and select the row's; users bound to a branch get no field, services keep theirs."""
    form.branch.choices = options([("", _("None")), *((branch.id, branch.name) for branch in branches())])
    # WTForms read the row's `branch`, a Branch; the choices have ids.
    if not form.branch.raw_data:
        form.branch.data = str(branch_id or "")
    if bound_branch() is not None:
        del form.branch


def chosen_branch(form: Any) -> dict[str, int | None]:
    return {"branch_id": int(form.branch.data or 0) or None} if form.branch else {}
