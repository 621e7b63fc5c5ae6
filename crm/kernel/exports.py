"""What a feature gives to exports: its rows as columns with the API's names."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


class Kind(enum.Enum):
    """How a value is written: MONEY is an integer of `values.money`, MOMENT an aware datetime, YES_NO a bool."""

    TEXT = enum.auto()
    PHONE = enum.auto()
    NUMBER = enum.auto()
    MONEY = enum.auto()
    MOMENT = enum.auto()
    DAY = enum.auto()
    YES_NO = enum.auto()


@dataclasses.dataclass(frozen=True)
class Column:
    """`name` is the API's, `label` the one for people; `value` is an SQL expression.

    `words` says what a stored code means, for people alone.
    """

    name: str
    label: str
    value: Any
    kind: Kind = Kind.TEXT
    words: Callable[[Any], str] | None = None


@dataclasses.dataclass(frozen=True)
class Export:
    """Rows that can be exported, ordered by `place` among others.

    endpoint: the page with their list. ids: those of a query of that page, in its order; all rows for no query.
    key: the id column. columns: the first is the id. Amounts are in the row's `currency`, or else the organization's.
    has_cards: the rows are people, with the names of columns as customers have them.
    """

    what: str
    label: str
    place: int
    endpoint: str
    ids: Callable[[Mapping[str, str]], Sequence[int]]
    key: Any
    columns: Sequence[Column]
    has_cards: bool = False


@dataclasses.dataclass(frozen=True)
class Pack:
    """A ZIP about one thing, such as a person, that the worker writes for the user who asked, and for nobody else.

    `write` writes what the query names to a file.
    """

    what: str
    label: str
    write: Callable[[Path, Mapping[str, str]], None]
