"""Form fields shared by customers and by records about people."""

from __future__ import annotations

from typing import Any, ClassVar

from crm.accounts.queries import branches, current_organization
from crm.kernel.branch_scope import bound_branch
from crm.people.contact_fields import ContactFields
from crm.people.limits import LIMITS
from crm.values.language import gettext as _
from crm.web.forms import Form, options


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
