"""What the worker does for parcels."""

from __future__ import annotations

from crm.parcels import services


def count_parcels() -> None:
    """Count new parcels."""
    services.count_parcels()
