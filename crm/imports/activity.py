"""Activity texts for imports."""

from __future__ import annotations

from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.kernel.manifest import catalog
from crm.values.language import N_
from crm.values.language import gettext as _


def _undone(event: ActivityEvent) -> Activity:
    """Tell what went back, as an edit does."""
    edited = catalog().activity["customer.edited"]
    told = edited(event) if callable(edited) and event.changes else Activity("")
    lines = told.lines or ([told.text] if told.text else [])
    return Activity(_("Import undone"), lines)


ACTIVITY: dict[str, ActivityText | str] = {
    "customer.imported": N_("Added by an import"),
    "customer.import_undone": _undone,
    "import.finished": N_("Import finished"),
    "import.undone": N_("Import undone"),
}
