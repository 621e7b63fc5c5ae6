"""The customer's page shows panels that features register: messages, invoices, and what comes later."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from crm.customers.models import Customer


@dataclasses.dataclass(frozen=True)
class Panel:
    """A part of the customer's page: its template gets what `load` returns, and `customer`.

    Where `load` returns nothing the page leaves it out.
    """

    key: str
    label: str
    template: str
    load: Callable[[Customer], dict[str, Any]]
    count: Callable[[int], str]
    place: int


_panels: dict[str, Panel] = {}
_notices: dict[str, Callable[[Customer], Any]] = {}


def register(
    key: str,
    label: str,
    template: str,
    load: Callable[[Customer], dict[str, Any]],
    count: Callable[[int], str],
    *,
    place: int,
) -> None:
    """Add a panel; the one with the smallest `place` stands first on the page.

    `count` says for a customer's id what is there, in words ("4 invoices with 6 receipts"), or "" for nothing.
    """
    _panels[key] = Panel(key, label, template, load, count, place)


def registered() -> list[Panel]:
    """Return all panels in the order of the page."""
    return sorted(_panels.values(), key=lambda panel: panel.place)


def register_notice(template: str, load: Callable[[Customer], Any]) -> None:
    """Add a line on top of the customer's page: its template gets what `load` returns as `notice`."""
    _notices[template] = load


def notices(customer: Customer) -> list[tuple[str, Any]]:
    """Return the templates of the lines on top of a customer's page, and what they show."""
    return [(template, load(customer)) for template, load in _notices.items()]
