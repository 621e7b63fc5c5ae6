"""Forms of bulk changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from werkzeug.datastructures import MultiDict

from crm.customers.filters import BeyondLastRowError, Filters, Selection
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _

ACTIONS = {"activate": True, "deactivate": False}


class BulkFormError(SentenceError):
    pass


def read_action(form: MultiDict[str, str]) -> bool:
    if form.get("action") not in ACTIONS:
        raise BulkFormError(_("Choose Activate or Deactivate."))
    return ACTIONS[form["action"]]


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
