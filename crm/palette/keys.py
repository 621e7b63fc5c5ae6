"""The table of keys: the sheet of `?`, the script of every page and `aria-keyshortcuts` get theirs from here.

A key is written as people read it: `g c` is g and then c, `Mod+k` is Ctrl or ⌘ with k.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterator
from typing import NamedTuple

from flask import url_for
from markupsafe import Markup, escape

from crm.accounts.access import here, may_open
from crm.kernel.manifest import Catalog, catalog
from crm.kernel.roles import Role
from crm.values.language import N_

EVERYWHERE = N_("On every page")
LISTS = N_("In lists")
WINDOWS = N_("In forms and windows")


class Key(NamedTuple):
    """`action` is a function of static/js/keys.js; `url` is where "go" leads."""

    keys: str
    action: str
    where: str
    label: str
    url: str = ""

    @property
    def is_single(self) -> bool:
        """Whether speech input or a cat on the keyboard may press it by accident (WCAG 2.1.4)."""
        return "+" not in self.keys and self.keys != "Esc"

    @property
    def steps(self) -> list[list[str]]:
        """Return the keys one after the other, each with those that are held down with it."""
        return [step.split("+") for step in self.keys.split()]


TABLE = (
    Key("/", "search", EVERYWHERE, N_("Search")),
    Key("Mod+k", "palette", EVERYWHERE, N_("Search everything, or go to a page")),
    Key("n", "add", EVERYWHERE, N_("New: add what the page lists")),
    Key("u", "undo", EVERYWHERE, N_("Undo the last change")),
    Key("?", "sheet", EVERYWHERE, N_("Show these keys")),
    Key("j", "next", LISTS, N_("Next row")),
    Key("k", "previous", LISTS, N_("Previous row")),
    Key("x", "select", LISTS, N_("Select the row, where it has a box")),
    Key("e", "edit", LISTS, N_("Edit the row, or what the page shows")),
    Key("Mod+Enter", "submit", WINDOWS, N_("Save or send")),
    Key("Esc", "close", WINDOWS, N_("Close; what you typed is kept")),
)


def whole_table() -> list[Key]:
    """Return all keys of the reader's pages, by where they count."""
    return sorted((*TABLE, *_pages()), key=lambda key: (EVERYWHERE, LISTS, WINDOWS).index(key.where))


def sheet() -> list[tuple[str, list[Key]]]:
    return [(where, list(keys)) for where, keys in itertools.groupby(whole_table(), lambda key: key.where)]


def usable() -> list[Key]:
    """Return the keys that are on for the reader."""
    return [key for key in whole_table() if here().user.single_keys or not key.is_single]


def for_aria(action: str) -> str:
    """Return the attribute `aria-keyshortcuts` of what a key with others held down presses."""
    found = next(key.keys for key in TABLE if key.action == action)
    steps = found.replace("+k", "+K")
    return f"{steps.replace('Mod', 'Control')} {steps.replace('Mod', 'Meta')}"


def for_script() -> Markup:
    """Return the keys that are on for the reader, as an attribute of every page."""
    return _for_script(catalog(), here().role, here().user.single_keys)


@functools.lru_cache(maxsize=64)
def _for_script(of: Catalog, role: Role, with_single: bool) -> Markup:
    keys = [[key.keys, key.action, key.url] if key.url else [key.keys, key.action] for key in usable()]
    return escape(json.dumps(keys))


def _pages() -> Iterator[Key]:
    letters = catalog().keys
    for entry in (*catalog().navigation, *catalog().pages, *catalog().menu, *catalog().settings):
        if entry.endpoint in letters and may_open(entry.endpoint):
            yield Key(f"g {letters[entry.endpoint]}", "go", EVERYWHERE, entry.label, url_for(entry.endpoint))
