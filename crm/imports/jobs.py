"""Jobs of the worker: checks, imports and their undo, and files that are too old."""

from __future__ import annotations

from crm.imports import retention
from crm.imports.check_job import CHECK
from crm.imports.commit import IMPORT


def go_on_check(organization_id: int) -> bool:
    return CHECK.go_on_in(organization_id)


def go_on_checks_due() -> bool:
    return CHECK.go_on_everywhere()


def go_on_import(organization_id: int) -> bool:
    return IMPORT.go_on_in(organization_id)


def go_on_imports_due() -> bool:
    return IMPORT.go_on_everywhere()


def delete_old() -> None:
    retention.delete_old()
