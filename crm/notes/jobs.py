"""Jobs for notes."""

from __future__ import annotations

from crm.kernel.work.organizations import each_organization
from crm.notes.services import DELETED, remove_deleted


def remove_deleted_notes() -> bool:
    """Return True when there may be more."""
    return each_organization(DELETED, remove_deleted)
