"""Who reads the page, and how their organization writes times, money and phones."""

from __future__ import annotations

from typing import Any, Protocol

from flask import g


class Writing(Protocol):
    """How an organization writes."""

    @property
    def id(self) -> int: ...  # noqa: D102 -- its name says it
    @property
    def time_zone(self) -> str: ...  # noqa: D102
    @property
    def locale(self) -> str: ...  # noqa: D102
    @property
    def currency(self) -> str: ...  # noqa: D102
    @property
    def phone_region(self) -> str: ...  # noqa: D102


class Reader(Protocol):
    """Somebody who was let in."""

    @property
    def organization(self) -> Writing: ...  # noqa: D102
    @property
    def role(self) -> Any: ...  # noqa: D102


def reader() -> Reader:
    """Return who was let in to this request, as `accounts.access` has put it there."""
    found: Reader = g.here
    return found
