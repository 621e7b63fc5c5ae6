from __future__ import annotations

from wtforms import RadioField, StringField, ValidationError

from crm.kernel.errors import SentenceError
from crm.loyalty.rules import MAX_REASON, read_points
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, Length, options

DEDUCT = "deduct"
CHOICES = (("add", N_("Add points")), (DEDUCT, N_("Deduct points")))


class PointsForm(CreatingForm):
    """Points and a reason. They are deducted by choice or by a minus sign."""

    change = RadioField(N_("Change"), choices=options(CHOICES), default="add", validate_choice=False)
    points = StringField(N_("Points"))
    reason = StringField(N_("Reason"), [Length(MAX_REASON)])
    number: int
    """Signed points, after validation."""

    def validate_change(self, field: RadioField) -> None:
        if field.data not in dict(CHOICES):
            raise ValidationError(_("Choose whether to add or deduct points."))

    def validate_points(self, field: StringField) -> None:
        try:
            points = read_points(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None
        self.number = -abs(points) if self.change.data == DEDUCT else points

    def explain(self, error: SentenceError) -> None:
        self.refuse("points", error)
