"""What the forms of customers, and of records that tell of people, have alike."""

from __future__ import annotations

from typing import Any

from wtforms import Field, ValidationError

from crm.accounts.queries import branches
from crm.kernel.branch_scope import bound_branch
from crm.people.identity import EmailError, normalize_email
from crm.web.forms import options


class EmailAddress:
    """Refuse what is no e-mail address; blank is one."""

    def __call__(self, form: Any, field: Field) -> None:
        """Check the address as it is stored."""
        try:
            normalize_email(field.data or "")
        except EmailError as error:
            raise ValidationError(str(error)) from None


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
