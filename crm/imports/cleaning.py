"""Make a customer's values of a row's cells, and say what was repaired."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from crm.imports.mapping import Columns
from crm.people.contact_fields import ContactFields


@dataclass(frozen=True)
class Context:
    """What cells are read by.

    date_orders: `dmy`, `mdy` or `ymd` by column. clear_blank: fields that an empty cell clears.
    """

    region: str = ""
    locale: str = "en_GB"
    today: str = ""
    date_orders: dict[int, str] = field(default_factory=dict)
    is_1904: bool = False
    clear_blank: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        raise NotImplementedError

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        raise NotImplementedError


class DateQuestion(NamedTuple):
    """Days of a column may be read in two ways: which one is taken, unless somebody says otherwise."""

    column: int
    header: str
    example: str
    order_taken: str
    sentence: str


class Studied(NamedTuple):
    context: Context
    questions: list[DateQuestion]


class Finding(NamedTuple):
    """What was repaired, or is wrong. `code` is the same for all of its kind; `suggestion` are values by field."""

    field: str
    code: str
    sentence: str
    suggestion: dict[str, str] | None = None


@dataclass(slots=True)
class Cleaned:
    """A row as a customer.

    cleared: fields to empty. refused: consents that the file says no to. further: more valid phones and e-mails.
    stand_in: a name for who has none.
    """

    values: dict[str, Any]
    contact: ContactFields
    cleared: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    further: list[tuple[str, str]] = field(default_factory=list)
    stand_in: str = ""
    repaired: list[Finding] = field(default_factory=list)
    errors: list[Finding] = field(default_factory=list)


def study(
    rows: Iterable[Sequence[str]],
    columns: Columns,
    headers: Sequence[str],
    *,
    region: str,
    locale: str,
    today: str,
    is_1904: bool = False,
) -> Studied:
    """Decide for each column of days how they are written."""
    raise NotImplementedError


class Cleaner:
    """Cleans the rows of one file."""

    def __init__(self, columns: Columns, headers: Sequence[str], context: Context) -> None:
        raise NotImplementedError

    def clean(self, cells: Sequence[str]) -> Cleaned:
        raise NotImplementedError
