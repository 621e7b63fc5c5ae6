"""Who reads the page, how their organization writes times, money and phones, and what it uses."""

from __future__ import annotations

from typing import Any, Protocol

from flask import g


class Notation(Protocol):
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
    @property
    def trade(self) -> str: ...
    @property
    def uses(self) -> str: ...


class Reader(Protocol):
    @property
    def organization(self) -> Notation: ...
    @property
    def role(self) -> Any: ...


def reader() -> Reader:
    found: Reader = g.get("guest") or g.here
    return found
