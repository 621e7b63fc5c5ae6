"""What the palette shows: things to do, pages, and what each feature finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flask import url_for

from crm.accounts.access import may_open
from crm.kernel.manifest import MenuLink, PageAction, catalog
from crm.palette.keys import usable
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import clean_line, fold

MAX_ITEMS = 20
MAX_HITS = 5
"""Of one feature."""

MAX_MATCHING = 3
"""Actions, and pages, beside what was searched."""

MAX_QUERY = 200


class Item(NamedTuple):
    label: str
    url: str
    details: tuple[str, ...] = ()
    icon: str = ""
    keys: str = ""
    is_window: bool = False
    is_post: bool = False
    is_row: bool = False


class Group(NamedTuple):
    label: str
    items: Sequence[Item]


def groups(query: str) -> list[Group]:
    """Return up to MAX_ITEMS things that match; without a query what may be done and opened."""
    words = fold(clean_line(query[:MAX_QUERY])).split()
    found, room = [], MAX_ITEMS
    for group in _all(query, words):
        items = group.items[:room]
        room -= len(items)
        if items:
            found.append(Group(group.label, items))
    return found


def count(found: Sequence[Group]) -> int:
    return sum(len(group.items) for group in found)


def _all(query: str, words: list[str]) -> Iterator[Group]:
    """Begin with what was searched: Enter opens the first item."""
    if words:
        yield from _rows(clean_line(query[:MAX_QUERY]))
    most = MAX_MATCHING if words else MAX_ITEMS
    yield Group(_("Actions"), [_action(each) for each in catalog().actions if _matches(each, words)][:most])
    yield Group(_("Pages"), list(_pages(words))[:most])


def _rows(query: str) -> Iterator[Group]:
    for search in catalog().searches:
        if may_open(search.endpoint):
            hits = search.find(query, MAX_HITS)
            yield Group(search.label, [Item(hit.label, hit.url, hit.details, search.icon, is_row=True) for hit in hits])


def _action(action: PageAction) -> Item:
    url = url_for(action.endpoint)
    return Item(action.label, url, icon=action.icon, is_window=not action.is_post, is_post=action.is_post)


def _pages(words: list[str]) -> Iterator[Item]:
    letters = {key.url: key.keys for key in usable() if key.url}
    settings = N_("Settings")
    everywhere = [*catalog().navigation, *catalog().pages, *catalog().menu]
    for entries, detail in ((everywhere, ""), (catalog().settings, settings)):
        for entry in entries:
            if _matches(entry, words, detail):
                url = url_for(entry.endpoint)
                yield Item(entry.label, url, (str(detail),) if detail else (), "chevron-right", letters.get(url, ""))


def _matches(entry: MenuLink | PageAction, words: list[str], beside: str = "") -> bool:
    """Whether each word begins one of the label, in the reader's language or in English."""
    texts = (f"{entry.label} {beside}", f"{str.__str__(entry.label)} {str.__str__(beside)}")
    return may_open(entry.endpoint) and any(
        all(any(part.startswith(word) for part in fold(text).split()) for word in words) for text in texts
    )
