"""The entries of the navigation that an organization uses: by its trade, or as its owners switched them."""

from __future__ import annotations

from collections.abc import Collection

from crm.accounts.models import Organization
from crm.accounts.rules import Trade
from crm.kernel.manifest import MenuLink, catalog

NONE = "none"


def used(organization: Organization) -> list[MenuLink]:
    return used_by(organization.trade, organization.uses)


def used_by(trade: Trade, uses: str) -> list[MenuLink]:
    parts = parts_of(trade, uses)
    return [entry for entry in catalog().navigation if not entry.trades or entry.part in parts]


def uses(organization: Organization, endpoint: str) -> bool:
    """Whether the endpoint is of a part that the organization uses, or that everybody does."""
    part = endpoint.partition(".")[0]
    return part in parts_of(organization.trade, organization.uses) or part not in {each.part for each in switches()}


def switches() -> list[MenuLink]:
    """Return the entries that not everybody uses."""
    return [entry for entry in catalog().navigation if entry.trades]


def parts_of(trade: Trade, uses: str) -> set[str]:
    """Return the names of the parts in use, by a setting `uses` or, if it is empty, by the trade."""
    if uses:
        return set(uses.split())
    return {entry.part for entry in switches() if trade in entry.trades}


def uses_after(organization: Organization, trade: Trade, chosen: Collection[str]) -> str:
    """Return the setting `uses` for the `chosen` parts; those that nobody ever switched follow the new trade."""
    usual, usual_before = parts_of(trade, ""), parts_of(organization.trade, "")
    shown = parts_of(organization.trade, organization.uses)
    parts = {
        part
        for part in (entry.part for entry in switches())
        if part in (usual if (part in chosen) == (part in shown) == (part in usual_before) else chosen)
    }
    return "" if parts == usual else " ".join(sorted(parts)) or NONE
