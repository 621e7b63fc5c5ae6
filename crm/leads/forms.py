"""The forms of leads, follow-ups and loan commitments."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, ClassVar

from wtforms import RadioField, SelectField, StringField, TextAreaField, ValidationError

from crm.accounts.queries import current_organization
from crm.customers.fields import ContactForm, chosen_branch, offer_branches
from crm.kernel.branch_scope import bound_branch
from crm.kernel.errors import SentenceError
from crm.kernel.tenancy import current_actor
from crm.leads import times
from crm.leads.assignees import assignees, assignment_problem, label_of
from crm.leads.models import FollowUp, Lead, Method
from crm.leads.rules import LIMITS, promised_date_problem
from crm.people.own_sources import source_shown, source_typed
from crm.values import clock, money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, Form, Length, Required, options
from crm.web.ids import id_in

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Explained(CreatingForm):
    """A form whose services refuse only a reused key."""

    def explain(self, error: SentenceError) -> None:
        self.renew_key()
        self.form_errors.append(str(error))


class LeadForm(ContactForm, Explained):
    columns: ClassVar[dict[str, str]] = {"contact_number": "phone"}
    name = StringField(N_("Name"), [Required(N_("Enter the lead's name."))])
    contact_number = StringField(N_("Contact number"))
    email = StringField(N_("E-mail"))
    passport_number = StringField(N_("Passport number"))
    source = StringField(N_("Source"))
    branch = SelectField(N_("Branch"), coerce=str)
    assigned_to = SelectField(N_("Assigned to"), coerce=str, validate_choice=False)
    notes = TextAreaField(N_("Notes"))

    def __init__(self, lead: Lead | None = None, **values: Any) -> None:
        if lead is not None:
            values = {name: getattr(lead, name) for name in _SAME}
            values |= {"contact_number": lead.full_phone, "source": source_shown(lead.source)}
        self.lead = lead
        self.assigned_before = lead.assigned_to_id if lead else current_actor()
        super().__init__(data={**values, "assigned_to": str(self.assigned_before or "")})
        offer_branches(self, lead.branch_id if lead else None)
        self._offer_assignees()

    def values(self) -> dict[str, Any]:
        assigned = self.assigned_to.data if self.assigned_to else self.assigned_before
        own = {"source": source_typed(self.source.data or ""), "assigned_to_id": int(assigned) if assigned else None}
        return self.contact_values() | chosen_branch(self) | own

    def validate_assigned_to(self, field: SelectField) -> None:
        """Let the one who had the lead before keep it, even where they can't sign in any more."""
        chosen = id_in(field.data) if field.data else None
        if field.data and chosen is None:
            raise ValidationError(_("Choose who the lead is assigned to from the list."))
        if (self.lead is None or chosen != self.assigned_before) and not (self.branch and self.branch.errors):
            bound = bound_branch()
            branch_id = chosen_branch(self).get("branch_id") if bound is None else bound
            if problem := assignment_problem(chosen, branch_id):
                raise ValidationError(problem)

    def _offer_assignees(self) -> None:
        """Leave the field out where one person works alone."""
        known = {one.id: one.label for one in assignees()}
        if self.assigned_before and self.assigned_before not in known:
            known[self.assigned_before] = _("%(name)s (no longer active)", name=label_of(self.assigned_before) or "")
        self.assigned_to.choices = options([("", _("Nobody")), *known.items()])
        if len(known) < 2:
            del self.assigned_to


_SAME = ("name", "email", "passport_number", "notes")


class LostForm(Form):
    lost_reason = TextAreaField(
        N_("Reason"), [Required(N_("Say why the lead is lost.")), Length(LIMITS["lost_reason"])]
    )


class TimedForm(Form):
    """A form with a time that is chosen, or picked in a further field.

    `zone` is the organization's, `moment` the time after validation.
    """

    moment: dt.datetime | None = None

    def __init__(self, **values: Any) -> None:
        self.zone = clock.zone(current_organization().time_zone)
        super().__init__(**values)

    def times(self) -> list[times.Time]:
        return list(times.offered(clock.utcnow(), self.zone))

    def read_time(self, chosen: StringField, picked: StringField) -> None:
        """Raise ValidationError with a sentence; the picked field keeps a time that is not offered."""
        text = picked.data if chosen.data == times.PICK else chosen.data
        picked.data = text
        try:
            self.moment = times.moment_of(text, self.zone) if text else None
        except ValueError as error:
            raise ValidationError(str(error)) from None


class FollowUpForm(TimedForm, Explained):
    method = RadioField(N_("How"), choices=options((method, method.label) for method in Method), validate_choice=False)
    due_at = StringField(N_("When"))
    due_at_picked = StringField(N_("Date and time"))
    note = TextAreaField(N_("Note"), [Length(LIMITS["note"])])

    def __init__(self) -> None:
        super().__init__(data={"method": Method.CALL.value})
        if not self.is_submitted():
            self.due_at.data = times.tomorrow(clock.utcnow(), self.zone)

    def validate_method(self, field: RadioField) -> None:
        if field.data not in list(Method):
            raise ValidationError(_("Choose how to follow up."))

    def validate_due_at(self, field: StringField) -> None:
        self.read_time(field, self.due_at_picked)
        if self.moment is None:
            raise ValidationError(_("Say when: enter a date and time like 2026-11-24T09:00."))


class DoneForm(TimedForm):
    """All fields are optional."""

    outcome = TextAreaField(N_("How did it go?"), [Length(LIMITS["outcome"])])
    next_due_at = StringField(N_("Next follow-up"))
    next_due_at_picked = StringField(N_("Date and time"))

    def __init__(self, follow_up: FollowUp) -> None:
        super().__init__(data={"outcome": follow_up.outcome})

    def validate_next_due_at(self, field: StringField) -> None:
        self.read_time(field, self.next_due_at_picked)
        if field.data == times.PICK and self.moment is None:
            raise ValidationError(_("Say when: enter a date and time like 2026-11-24T09:00."))


class CommitmentForm(Explained):
    amount = StringField(N_("Amount"))
    promised_date = StringField(N_("Promised date"))
    parsed_amount: int
    day: dt.date

    def validate_amount(self, field: StringField) -> None:
        organization = current_organization()
        try:
            self.parsed_amount = money.parse_amount(field.data or "", organization.locale, organization.currency)
        except money.MoneyError as error:
            raise ValidationError(str(error)) from None

    def validate_promised_date(self, field: StringField) -> None:
        try:
            if not _DAY.fullmatch(field.data or ""):
                raise ValueError
            self.day = dt.date.fromisoformat(field.data)
        except ValueError:
            raise ValidationError(_("Enter the promised date, like 2026-11-24.")) from None
        if problem := promised_date_problem(self.day):
            raise ValidationError(problem)
