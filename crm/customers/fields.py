"""What the forms of customers, and of records that tell of people, have alike."""

from __future__ import annotations

from typing import Any, ClassVar

from crm.accounts.queries import branches, current_organization
from crm.kernel.branch_scope import bound_branch
from crm.people.contact_fields import ContactFields
from crm.people.limits import LIMITS
from crm.web.forms import Form, options


class ContactForm(Form):
    """A form that asks for a person: what `ContactFields` finds wrong stands at its field."""

    columns: ClassVar[dict[str, str]] = {}
    """The columns of fields that have another name."""

    def told(self) -> dict[str, Any]:
        """Return what was typed of the person, by column; an extension stands behind the number alone."""
        named = {self.columns.get(name, name): field.data or "" for name, field in self._fields.items()}
        return {column: named[column] for column in LIMITS if column in named} | {"phone_extension": ""}

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Check the form, and whether what was typed of the person can be stored."""
        valid = super().validate(*args, **kwargs)
        fields = {self.columns.get(name, name): name for name in self._fields}
        for column, problems in ContactFields.read(self.told(), current_organization().phone_region).problems.items():
            for problem in problems:
                self.fail(fields[column], problem.about(self[fields[column]].label.text))
                valid = False
        return valid


def offer_branches(form: Any, branch_id: int | None) -> None:
    """Let the `branch` of a form offer all branches, and show the one of the row unless another one was sent.

    Nobody who is bound to a branch adds to another or moves anything there: they are not asked, the services keep it.
    """
    form.branch.choices = options([("", "None"), *((branch.id, branch.name) for branch in branches())])
    # The `branch` of a row is a record; the choices know it by its number.
    if not form.branch.raw_data:
        form.branch.data = str(branch_id or "")
    if bound_branch() is not None:
        del form.branch


def chosen_branch(form: Any) -> dict[str, int | None]:
    """Return the branch for the services, by its column; nothing where it was not asked for."""
    return {"branch_id": int(form.branch.data or 0) or None} if form.branch else {}
