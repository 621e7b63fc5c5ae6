"""Activity texts for notes: they are told as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.notes.models import Kind
from crm.values.language import N_

ADDED = {Kind.NOTE: N_("Note"), Kind.CALL: N_("Call")}
EDITED = {Kind.NOTE: N_("Note edited"), Kind.CALL: N_("Call edited")}


def _told(words: Mapping[Kind, str]) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        edit, delete = (url_for(f"notes.{name}", note_id=event.subject_id) for name in ("edit", "delete"))
        return Activity(words[Kind(event.after("kind"))], body=event.after("text") or "", edit=edit, delete=delete)

    return activity


ACTIVITY: dict[str, ActivityText | str] = {"note.added": _told(ADDED), "note.edited": _told(EDITED)}
