"""What every page shows around its content: the organization, the way to the others, the menus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import current_app, g

from crm.accounts.access import here, may, organizations_of
from crm.accounts.models import Organization
from crm.accounts.roles import ROLES, SIGNED_IN

MAIN = (
    ("home.index", "Customers"),
    ("inbox.index", "Inbox"),
    ("messages.index", "Messages"),
    ("leads.index", "Leads"),
    ("bookings.index", "Bookings"),
    ("area_customers.index", "Area customers"),
    ("stats.index", "Figures"),
)
TOOLS = (("duplicates.index", "Duplicates"), ("collection.index", "Collect customers"))
"""Pages that are not needed every day: they stand in the user's menu."""

SETTINGS = (
    ("accounts.organization", "Organization"),
    ("accounts.branches", "Branches"),
    ("accounts.users", "Users"),
    ("messages.messaging", "Messaging"),
    ("messages.opt_outs", "Opt-outs"),
    ("messages.templates", "Templates"),
    ("collection.webhook", "Webhook"),
)
"""The pages of the settings; higher features are named by their endpoints alone."""


_counts: dict[str, Callable[[], int]] = {}


def count_beside(endpoint: str, count: Callable[[], int]) -> None:
    """Let a number stand beside an entry of the navigation; it is asked for by every whole page."""
    _counts[endpoint] = count


class Switcher:
    """The organizations the user may act in, asked for only where the menu is written."""

    def __len__(self) -> int:
        return here().organization_count

    @property
    def others(self) -> tuple[tuple[int, str], ...]:
        """The ids and names of all of them, where there is another one to switch to."""
        return tuple((found.id, found.name) for found in self) if len(self) > 1 else ()

    def __iter__(self) -> Iterator[Organization]:
        return iter(organizations_of(here().user.id))


def template_globals() -> dict[str, Any]:
    """Return what every template may use: the place, the person, their rights and their ways."""
    found = g.get("here")
    if found is None:
        return {"here": None, "may": may}
    settings = _open_to_user(SETTINGS)
    return {
        "here": found,
        "may": may,
        "organization": found.organization,
        "organizations": Switcher(),
        "nav_items": _open_to_user(MAIN),
        "nav_counts": _numbers,
        "menu_items": [
            *_open_to_user((("duplicates.index", "Duplicates"),)),
            *((endpoint, "Settings") for endpoint, _ in settings[:1]),
            *_open_to_user(TOOLS),
            ("accounts.password", "Change password"),
            ("accounts.leave", "Leave organization"),
        ],
        "settings_items": settings,
    }


def _numbers() -> tuple[tuple[str, int], ...]:
    return tuple((endpoint, count()) for endpoint, count in _counts.items() if _is_open(endpoint))


def _open_to_user(items: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [item for item in items if item[0] in current_app.view_functions and _is_open(item[0])]


def _is_open(endpoint: str) -> bool:
    return endpoint in SIGNED_IN or (endpoint in ROLES and may(ROLES[endpoint]))
