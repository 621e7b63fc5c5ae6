"""Forms of the review page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from werkzeug.datastructures import MultiDict

from crm.duplicates.rules import FIELDS
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _
from crm.web.ids import id_in

ACTIONS = ("merge", "separate")


class PairError(SentenceError):
    pass


class Choice(NamedTuple):
    """A posted choice; `errors` are sentences by the id of the element they belong to."""

    action: str
    keep: int
    take: dict[str, int]
    errors: dict[str, str]


def read_pair(form: MultiDict[str, str]) -> tuple[int, int]:
    """Raise PairError unless exactly two customers are selected."""
    ids = {id_in(text) for text in form.getlist("ids")} - {None, 0}
    if form.get("all") or len(ids) != 2:
        raise PairError(_("Select exactly two customers who may be the same person."))
    first, second = sorted(id_ for id_ in ids if id_)
    return first, second


def read_choice(form: Mapping[str, str], ids: Iterable[int]) -> Choice:
    """Read what to keep of two customers; fields left out are decided by `rules.default_owner`."""
    pair, errors = set(ids), {}
    action, keep = form.get("action", ""), id_in(form.get("keep")) or 0
    if action not in ACTIONS:
        errors["actions"] = _("Choose Merge or Not a duplicate.")
    take = {field.name: id_in(form[f"take_{field.name}"]) or 0 for field in FIELDS if f"take_{field.name}" in form}
    if action == "merge":
        if keep not in pair:
            errors["keep"] = _("Choose which of the two to keep.")
        for field in FIELDS:
            if take.get(field.name, keep) not in pair:
                errors[f"take-{field.name}"] = _("Choose one of the two for “%(field)s”.", field=field.label)
    return Choice(action, keep, {name: id_ for name, id_ in take.items() if id_ in pair}, errors)
