"""What an unmerge could not restore: kept as plain values, and told in the reader's language.

A report of an earlier release is an English sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm.accounts.queries import current_organization
from crm.duplicates.rules import FIELDS, listed
from crm.kernel.manifest import catalog
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.values.money import format_number

Report = dict[str, Any]

_LABELS = {field.column: field.label for field in FIELDS}


def changed(name: str, columns: Sequence[str]) -> Report:
    """Report the columns that people know by a label; an empty report says nothing."""
    known = [column for column in columns if column in _LABELS]
    return {"name": name, "changed": known} if known else {}


def added(name: str, counts: Mapping[str, int]) -> Report:
    return {"name": name, "added": dict(sorted(counts.items()))} if counts else {}


def taken_email(name: str, email: str, other: str) -> Report:
    return {"name": name, "email": email, "other": other}


def branch_gone(name: str) -> Report:
    return {"name": name, "branch": None}


def sentence(report: Report | str) -> str:
    if isinstance(report, str):
        return report
    if "added" in report:
        return _added(report["name"], report["added"])
    if "changed" in report:
        fields = listed([_LABELS[column] for column in report["changed"]])
        return ngettext(
            "%(fields)s of %(name)s was changed since; it stays as it is.",
            "%(fields)s of %(name)s were changed since; they stay as they are.",
            len(report["changed"]),
            fields=fields,
            name=report["name"],
        )
    if "email" in report:
        return _("%(email)s belongs to %(other)s by now, so %(name)s is without it.", **report)
    return _("The branch of %(name)s is gone.", name=report["name"])


def _added(name: str, counts: Mapping[str, int]) -> str:
    nouns, locale = catalog().customer_rows, current_organization().locale
    rows = [nouns[table](count, format_number(count, locale)) for table, count in counts.items() if table in nouns]
    return ngettext(
        "%(rows)s was added since; it stays with %(name)s.",
        "%(rows)s were added since; they stay with %(name)s.",
        sum(counts.values()),
        rows=listed(rows),
        name=name,
    )
