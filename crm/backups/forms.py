"""The form that resumes sending."""

from __future__ import annotations

from wtforms import RadioField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from crm.backups.resume import What
from crm.values.language import N_
from crm.web.forms import Form, options

CHOICES = (
    (What.FROM_NOW, N_("From now on: send what is to come, not what was due before")),
    (What.ALL, N_("Everything: send what was due before, too")),
    (What.CANCEL, N_("Cancel all of it, and stop repeating messages")),
)


class ResumeForm(Form):
    what = RadioField(
        N_("What happens to the messages that wait?"),
        [InputRequired(N_("Choose what happens to the messages that wait."))],
        choices=options(CHOICES),
    )
    message = SelectMultipleField(
        N_("Send these all the same"),
        coerce=str,
        validate_choice=False,
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
