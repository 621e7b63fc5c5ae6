"""The template globals of every page: organization, switcher, menus."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from flask import g

from crm.accounts.access import here, may, organizations_of
from crm.accounts.models import Organization
from crm.accounts.rules import Trade
from crm.accounts.trades import used, used_by, uses
from crm.kernel import current
from crm.kernel.manifest import Catalog, CustomerAction, LeadAction, MenuLink, catalog
from crm.kernel.roles import Role
from crm.values.language import N_

Link = tuple[str, str]


class NavCount(NamedTuple):
    """The number beside an entry of the navigation, and what it counts."""

    endpoint: str
    number: int
    counted: str
    in_title: bool


class Switcher:
    """Organizations the user may act in; queried only where the menu is rendered."""

    def __len__(self) -> int:
        return here().organization_count

    @property
    def others(self) -> tuple[tuple[int, str], ...]:
        """The ids and names of all organizations; empty when there is only one."""
        return tuple((found.id, found.name) for found in self) if len(self) > 1 else ()

    def __iter__(self) -> Iterator[Organization]:
        return iter(organizations_of(here().user.id))


def template_globals() -> dict[str, Any]:
    found = g.get("here")
    if found is None:
        return {"here": None, "may": may, "title_count": str}
    organization = found.organization
    return {
        "here": found,
        "may": may,
        "organization": organization,
        "organizations": Switcher(),
        "nav_counts": _counts,
        "title_count": _title_count,
        **_menus(catalog(), found.role, organization.trade, organization.uses),
        "customer_actions": _customer_actions,
        "fact_rows": _fact_rows,
        "lead_actions": _lead_actions,
    }


@functools.lru_cache(maxsize=256)
def _menus(of: Catalog, role: Role, trade: Trade, uses: str) -> dict[str, Sequence[Link]]:
    """Return the menus of those who have this role where these parts are in use."""
    settings = _links(of.settings)
    return {
        "nav_items": _links(used_by(trade, uses)),
        "menu_items": (*((endpoint, N_("Settings")) for endpoint, _ in settings[:1]), *_links(of.menu)),
        "settings_items": settings,
    }


def _counts() -> tuple[NavCount, ...]:
    """Count beside the navigation, once in a request; nothing where nobody acts, as on a public page."""
    if current.organization.get() is None:
        return ()
    if "nav_counts" not in g:
        g.nav_counts = tuple(
            NavCount(each.endpoint, each.count(), each.counted, each.in_title)
            for each in used(here().organization)
            if each.count and _is_open(each)
        )
    found: tuple[NavCount, ...] = g.nav_counts
    return found


def _title_count() -> str:
    """Return what is to be done as the titles of all pages begin with it: "(7) "."""
    number = sum(each.number for each in _counts() if each.in_title)
    return f"({'99+' if number > 99 else number}) " if number else ""


def _fact_rows() -> list[str]:
    return catalog().fact_rows


def _customer_actions() -> list[CustomerAction]:
    return [entry for entry in catalog().customer_actions if _is_open(entry) and _is_used(entry)]


def _lead_actions() -> list[LeadAction]:
    return [entry for entry in catalog().lead_actions if _is_open(entry) and _is_used(entry)]


def _links(entries: Sequence[MenuLink]) -> tuple[Link, ...]:
    return tuple((entry.endpoint, entry.label) for entry in entries if _is_open(entry))


def _is_used(entry: CustomerAction | LeadAction) -> bool:
    return uses(here().organization, entry.endpoint)


def _is_open(entry: MenuLink | CustomerAction | LeadAction) -> bool:
    access = catalog().access[entry.endpoint]
    return may(access) if isinstance(access, Role) else True
