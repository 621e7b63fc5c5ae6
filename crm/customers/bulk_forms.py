"""Forms of bulk changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from werkzeug.datastructures import MultiDict

from crm.accounts.queries import branch_names
from crm.customers.bulk_models import Action
from crm.customers.filters import BeyondLastRowError, Filters, Selection
from crm.kernel.branch_scope import bound_branch
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _

NO_BRANCH = "none"


class BulkFormError(SentenceError):
    pass


class Asked(NamedTuple):
    action: Action
    to_branch_id: int | None = None


def read_change(form: MultiDict[str, str]) -> Asked:
    """Read `action`; a button of a branch sends its `branch` alone."""
    action = form.get("action", Action.MOVE if "branch" in form else "")
    if action not in tuple(Action):
        raise BulkFormError(_("Choose Activate, Deactivate, Archive, Restore or Move to branch."))
    return Asked(Action(action), _branch(form.get("branch", "")) if action == Action.MOVE else None)


def read_selection(form: MultiDict[str, str], query: MultiDict[str, str]) -> Selection:
    """Read `ids`, or with `all` what the list's `query` finds but `except`; `shown` lists boxes without JavaScript."""
    ids = set(_ids(form.getlist("ids")))
    if not form.get("all"):
        if not ids:
            raise BulkFormError(_("Select at least one customer first."))
        return Selection.of(ids)
    try:
        filters = Filters.from_args(query)
    except BeyondLastRowError:
        raise BulkFormError(_("Open the list again, then select.")) from None
    if filters.unknown:
        raise BulkFormError(_("%(problem)s Clear the filters, then select.", problem=filters.unknown))
    unticked = set(_ids(form.get("shown", "").split(","))) - ids
    return Selection.matching(filters, unticked | set(_ids(form.getlist("except"))), _moment(form.get("as_of", "")))


def _branch(chosen: str) -> int | None:
    if bound_branch() is not None:
        raise BulkFormError(_("You see the customers of one branch only. Ask a manager to move them."))
    if chosen == NO_BRANCH:
        return None
    found = next((id_ for id_, _name in branch_names() if str(id_) == chosen), None)
    if found is None:
        raise BulkFormError(_("Choose the branch to move the customers to."))
    return found


def _ids(values: Iterable[str]) -> list[int]:
    return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]


def _moment(text: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise BulkFormError(_("Open the list again, then select.")) from None
