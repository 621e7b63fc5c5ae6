"""What the worker does for visits."""

from __future__ import annotations

from crm.visits import services


def count_visits() -> None:
    """Count new visits."""
    services.count_visits()
