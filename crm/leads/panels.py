"""The lead's page shows panels that higher features register: bookings."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from crm.leads.models import Lead


@dataclasses.dataclass(frozen=True)
class Panel:
    """A part of the lead's page: its template gets what `load` returns as `data`, and `lead`."""

    key: str
    label: str
    template: str
    load: Callable[[Lead], dict[str, Any]]


_panels: dict[str, Panel] = {}


def register(key: str, label: str, template: str, load: Callable[[Lead], dict[str, Any]]) -> None:
    """Add a panel; on the page they stand in the order of their labels, below what belongs to the lead itself."""
    _panels[key] = Panel(key, label, template, load)


def registered() -> list[Panel]:
    """Return all panels in the order of the page."""
    return sorted(_panels.values(), key=lambda panel: panel.label)
