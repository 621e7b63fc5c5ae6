"""Sentences about a bulk change."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crm.accounts.queries import branch_names
from crm.customers.bulk_models import Action, BulkChange
from crm.kernel.work.models import JobState
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.web.filters import number


class BulkSentences(NamedTuple):
    title: str
    progress: str
    result: str


def bulk_sentences_of(change: BulkChange) -> BulkSentences:
    title = _(_TITLES[change.action])
    return BulkSentences(title, _progress(change), _put_back(change) if change.undone_at else _changed(change))


_TITLES = {
    Action.ACTIVATE: N_("Activate customers"),
    Action.DEACTIVATE: N_("Deactivate customers"),
    Action.ARCHIVE: N_("Archive customers"),
    Action.RESTORE: N_("Restore customers"),
    Action.MOVE: N_("Move customers to another branch"),
}
_DOING = {
    Action.ACTIVATE: (
        N_("%(looked)s looked at, %(changed)s activated so far."),
        N_("%(looked)s of %(total)s looked at, %(changed)s activated so far."),
    ),
    Action.DEACTIVATE: (
        N_("%(looked)s looked at, %(changed)s deactivated so far."),
        N_("%(looked)s of %(total)s looked at, %(changed)s deactivated so far."),
    ),
    Action.ARCHIVE: (
        N_("%(looked)s looked at, %(changed)s archived so far."),
        N_("%(looked)s of %(total)s looked at, %(changed)s archived so far."),
    ),
    Action.RESTORE: (
        N_("%(looked)s looked at, %(changed)s restored so far."),
        N_("%(looked)s of %(total)s looked at, %(changed)s restored so far."),
    ),
    Action.MOVE: (
        N_("%(looked)s looked at, %(changed)s moved so far."),
        N_("%(looked)s of %(total)s looked at, %(changed)s moved so far."),
    ),
}
_UNDOING = (
    N_("Undoing: %(looked)s looked at, %(changed)s put back so far."),
    N_("Undoing: %(looked)s of %(total)s looked at, %(changed)s put back so far."),
)
_DONE: dict[Action, Callable[[int, str], str]] = {
    Action.ACTIVATE: lambda n, num: ngettext("%(num)s customer activated.", "%(num)s customers activated.", n, num=num),
    Action.DEACTIVATE: lambda n, num: ngettext(
        "%(num)s customer deactivated.", "%(num)s customers deactivated.", n, num=num
    ),
    Action.ARCHIVE: lambda n, num: ngettext("%(num)s customer archived.", "%(num)s customers archived.", n, num=num),
    Action.RESTORE: lambda n, num: ngettext("%(num)s customer restored.", "%(num)s customers restored.", n, num=num),
}


def _progress(change: BulkChange) -> str:
    """Leave the total out while it is unknown."""
    sentences, changed = _DOING[change.action], change.changed
    if change.state == JobState.UNDOING:
        sentences, changed = _UNDOING, change.put_back
    sentence = sentences[bool(change.total)]
    return _(sentence, looked=number(change.looked), total=number(change.total or 0), changed=number(changed))


def _changed(change: BulkChange) -> str:
    count, say = change.changed, _DONE.get(change.action)
    sentences = [say(count, number(count)) if say else _moved(change), _left_out(change.left_out)]
    if change.state == JobState.CANCELED:
        sentences.append(_("The branch was deleted in the meantime, so the others stayed where they were."))
    return " ".join(filter(None, sentences))


def _moved(change: BulkChange) -> str:
    count = change.changed
    if change.to_branch_id is None:
        return ngettext(
            "%(num)s customer moved to no branch.", "%(num)s customers moved to no branch.", count, num=number(count)
        )
    branch = dict(branch_names()).get(change.to_branch_id, _("a deleted branch"))
    return ngettext(
        "%(num)s customer moved to %(branch)s.",
        "%(num)s customers moved to %(branch)s.",
        count,
        num=number(count),
        branch=branch,
    )


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
    return f"{sentence} {_moved_since(kept) if change.action == Action.MOVE else _changed_since(kept)}"


def _changed_since(count: int) -> str:
    return ngettext(
        "%(num)s customer changed again since, and stayed so.",
        "%(num)s customers changed again since, and stayed so.",
        count,
        num=number(count),
    )


def _moved_since(count: int) -> str:
    return ngettext(
        "%(num)s customer was moved again since, or their old branch is gone: they stayed where they are.",
        "%(num)s customers were moved again since, or their old branch is gone: they stayed where they are.",
        count,
        num=number(count),
    )
