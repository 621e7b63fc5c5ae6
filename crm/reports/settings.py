"""Change what an organization reports by."""

from __future__ import annotations

from collections.abc import Mapping

from crm.kernel.db import transaction
from crm.kernel.events import changes_of, record
from crm.reports import nightly, queries


def save(values: Mapping[str, int]) -> None:
    """Store the settings; the scores follow within minutes."""
    with transaction() as session:
        settings = queries.settings_here()
        session.add(settings)
        for name, value in values.items():
            setattr(settings, name, value)
        is_new = settings.id is None
        changes = {name: [None, value] for name, value in values.items()} if is_new else changes_of(settings)
        if changes:
            record("reports.changed", settings, changes=changes)
            nightly.compute_soon()
