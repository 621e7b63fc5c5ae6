"""Services of the first steps: they are marked, and the list is closed."""

from __future__ import annotations

from crm.accounts.access import here, may
from crm.accounts.queries import locked_organization
from crm.demo.samples import SAMPLES
from crm.first_hour import queries
from crm.first_hour.queries import Checklist
from crm.first_hour.rules import DISMISSED, PHONE
from crm.kernel.db import transaction


def checklist() -> Checklist | None:
    """Return the steps to show to an owner or manager; closes the list once all are done."""
    if not may("manager") or DISMISSED in here().organization.first_steps:
        return None
    found = queries.checklist()
    if found.is_done:
        dismiss()
        return None
    mine = found.mine
    return None if mine.is_done else mine


def shows_samples() -> bool:
    """Whether the user may remove sample customers that are there."""
    return may("manager") and SAMPLES in here().organization.first_steps


def dismiss() -> None:
    _mark(DISMISSED)


def put_on_phone() -> None:
    """Mark the step for those who see the list; others have only read how it is done."""
    if may("manager"):
        _mark(PHONE)


def _mark(word: str) -> None:
    with transaction():
        locked_organization().take_first_step(word)
