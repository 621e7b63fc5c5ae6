"""The form of a note."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField, TextAreaField, ValidationError

from crm.notes.models import LIMIT, Kind, Note
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, Length, Required, options


class NoteForm(CreatingForm):
    kind = RadioField(N_("Kind"), choices=options((kind, kind.label) for kind in Kind), validate_choice=False)
    text = TextAreaField(N_("Text"), [Required(N_("Write what happened.")), Length(LIMIT)])

    def __init__(self, note: Note | None = None, kind: str | None = None) -> None:
        chosen = note.kind if note else kind if kind in list(Kind) else Kind.NOTE
        super().__init__(data={"kind": str(chosen), "text": note.text if note else ""})

    def validate_kind(self, field: RadioField) -> None:
        if field.data not in list(Kind):
            raise ValidationError(_("Choose a note or a call."))

    def values(self) -> dict[str, Any]:
        return {"kind": Kind(self.kind.data), "text": self.text.data}
