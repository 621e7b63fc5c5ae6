"""Who reads the page, and how their organization writes times, money and phones."""

from __future__ import annotations

from typing import Any, Protocol

from flask import g


class Writing(Protocol):
    """How an organization writes."""

    @property
    def id(self) -> int: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def locale(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def phone_region(self) -> str: ...


class Reader(Protocol):
    """Somebody who was let in."""

    @property
    def organization(self) -> Writing: ...
    @property
    def role(self) -> Any: ...


def reader() -> Reader:
    """Return who was let in to this request, as `accounts.access` has put it there."""
    found: Reader = g.here
    return found
