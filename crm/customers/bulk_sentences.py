"""Sentences about a bulk change."""

from __future__ import annotations

from typing import NamedTuple

from crm.customers.bulk_models import BulkChange
from crm.kernel.work.models import JobState
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.web.filters import number


class BulkSentences(NamedTuple):
    title: str
    progress: str
    result: str


def bulk_sentences_of(change: BulkChange) -> BulkSentences:
    title = _("Activate customers") if change.activates else _("Deactivate customers")
    return BulkSentences(title, _progress(change), _put_back(change) if change.undone_at else _changed(change))


_ACTIVATING = (
    N_("%(looked)s looked at, %(changed)s activated so far."),
    N_("%(looked)s of %(total)s looked at, %(changed)s activated so far."),
)
_DEACTIVATING = (
    N_("%(looked)s looked at, %(changed)s deactivated so far."),
    N_("%(looked)s of %(total)s looked at, %(changed)s deactivated so far."),
)
_UNDOING = (
    N_("Undoing: %(looked)s looked at, %(changed)s put back so far."),
    N_("Undoing: %(looked)s of %(total)s looked at, %(changed)s put back so far."),
)


def _progress(change: BulkChange) -> str:
    """Leave the total out while it is unknown."""
    sentences, changed = _ACTIVATING if change.activates else _DEACTIVATING, change.changed
    if change.state == JobState.UNDOING:
        sentences, changed = _UNDOING, change.put_back
    sentence = sentences[bool(change.total)]
    return _(sentence, looked=number(change.looked), total=number(change.total or 0), changed=number(changed))


def _changed(change: BulkChange) -> str:
    count = change.changed
    if change.activates:
        sentence = ngettext("%(num)s customer activated.", "%(num)s customers activated.", count, num=number(count))
    else:
        sentence = ngettext("%(num)s customer deactivated.", "%(num)s customers deactivated.", count, num=number(count))
    return f"{sentence} {_left_out(change.left_out)}".rstrip()


def _left_out(count: int) -> str:
    if not count:
        return ""
    return ngettext(
        "%(num)s customer was added or changed after you opened the list, and was left as before.",
        "%(num)s customers were added or changed after you opened the list, and were left as before.",
        count,
        num=number(count),
    )


def _put_back(change: BulkChange) -> str:
    count, kept = change.put_back, change.changed - change.put_back
    sentence = ngettext("%(num)s customer put back.", "%(num)s customers put back.", count, num=number(count))
    if not kept:
        return sentence
    stayed = ngettext(
        "%(num)s customer changed again since, and stayed so.",
        "%(num)s customers changed again since, and stayed so.",
        kept,
        num=number(kept),
    )
    return f"{sentence} {stayed}"
