"""Which column is which field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm.imports.reading.tables import Row

Columns = dict[int, str]
"""Fields by columns, from 0; columns without one are left out."""

CONFIDENT = 0.6
"""From here on nobody has to be asked."""


@dataclass(frozen=True)
class Recognised:
    """profile: the program that wrote the file, or `last`, `words`, `content`, or "" for nothing known.

    left_out: the headers of columns without a field.
    """

    profile: str
    label: str
    columns: Columns
    confidence: float
    left_out: tuple[str, ...]


def recognise(
    headers: Sequence[str], sample: Sequence[Row], *, last: Columns | None = None, region: str = "", kind: str = ""
) -> Recognised:
    """Find the fields by a known program's headers, by `last`, by words, and by what is in the columns."""
    raise NotImplementedError


def signature(headers: Sequence[str]) -> str:
    """Return what is equal for equal headers."""
    raise NotImplementedError


def problems(columns: Columns, headers: Sequence[str]) -> list[str]:
    """Return sentences about columns that make no customers."""
    raise NotImplementedError
