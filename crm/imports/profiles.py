"""Programs that export customers, by the headers they write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from crm.imports.synonyms import folded

PROGRAMS = Path(__file__).with_name("profiles.txt")
ENOUGH = 0.6
"""The share of a file's headers that have to be the program's."""
_NUMBER = re.compile(r"\d+")


class Profile(NamedTuple):
    """required: headers that tell the program, any of `further`, and `columns` by header. `ignored` are others of its.

    Headers are folded, without their numbers.
    """

    name: str
    label: str
    required: frozenset[str]
    columns: dict[str, str]
    ignored: frozenset[str]

    def fits(self, headers: Sequence[str]) -> bool:
        own = {key(header) for header in headers} - {""}
        known = own & (self.columns.keys() | self.ignored)
        return self.required <= own and len(known) >= ENOUGH * len(own)


def key(header: str) -> str:
    return " ".join(_NUMBER.sub(" ", folded(header)).split())


@cache
def known() -> tuple[Profile, ...]:
    """Return the programs that `profiles.txt` tells of."""
    found = []
    for part in PROGRAMS.read_text(encoding="utf-8").split("\n[")[1:]:
        first, *lines = part.splitlines()
        name, _, label = first.partition("]")
        headers: dict[str, list[str]] = {}
        for line in filter(None, lines):
            field, _, words = line.partition(": ")
            headers.setdefault(field, []).extend(map(key, words.split(", ")))
        required, ignored = headers.pop("required"), headers.pop("ignored", [])
        columns = {header: field for field, words in headers.items() for header in words}
        found.append(Profile(name, label.strip(), frozenset(required), columns, frozenset(ignored)))
    return tuple(found)


def of_own(headers: Sequence[str]) -> Profile | None:
    """Return our own export's profile for some of its columns, named as it names them, with the id among them."""
    own = next(profile for profile in known() if profile.name == "own")
    names = {header.strip() for header in headers} - {""}
    is_ours = all(name == name.lower() and key(name) in own.columns.keys() | own.ignored for name in names)
    return own if is_ours and len(names) > 1 and "id" in names else None


def of(headers: Sequence[str]) -> Profile | None:
    """Return the program that wrote these headers."""
    return next((profile for profile in known() if profile.fits(headers)), None)
