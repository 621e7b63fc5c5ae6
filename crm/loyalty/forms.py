from __future__ import annotations

from wtforms import RadioField, StringField, ValidationError

from crm.kernel.errors import SentenceError
from crm.loyalty.rules import MAX_REASON, read_points
from crm.web.forms import CreatingForm, Length, options

DEDUCT = "deduct"
CHOICES = (("add", "Add points"), (DEDUCT, "Deduct points"))


class PointsForm(CreatingForm):
    """Points and a reason. They are deducted by choice or by a minus sign."""

    change = RadioField("Change", choices=options(CHOICES), default="add", validate_choice=False)
    points = StringField("Points")
    reason = StringField("Reason", [Length(MAX_REASON)])
    number: int
    """Signed points, after validation."""

    def validate_change(self, field: RadioField) -> None:
        if field.data not in dict(CHOICES):
            raise ValidationError("Choose whether to add points or to deduct them.")

    def validate_points(self, field: StringField) -> None:
        try:
            points = read_points(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None
        self.number = -abs(points) if self.change.data == DEDUCT else points

    def explain(self, error: SentenceError) -> None:
        self.refuse("points", error)
