"""Who may call an endpoint: roles, and doors that need none. An endpoint without either is not served."""

from __future__ import annotations

import enum

from crm.values.language import N_
from crm.values.language import gettext as _


class Role(enum.IntEnum):
    VIEWER = 1
    STAFF = 2
    MANAGER = 3
    OWNER = 4

    @classmethod
    def named(cls, name: str) -> Role:
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError(_("The role has to be owner, manager, staff or viewer.")) from None

    @property
    def label(self) -> str:
        return self.name.lower()

    @property
    def title(self) -> str:
        """The name that people read."""
        return str(_TITLES[self])

    @property
    def may_be_bound(self) -> bool:
        return self < Role.MANAGER


_TITLES = {
    Role.VIEWER: N_("Viewer"),
    Role.STAFF: N_("Staff"),
    Role.MANAGER: N_("Manager"),
    Role.OWNER: N_("Owner"),
}


class Door(enum.Enum):
    PUBLIC = enum.auto()
    """Everybody; other systems prove themselves by a signature."""
    SIGNED_IN = enum.auto()
    NOWHERE = enum.auto()
    """Every signed-in user, even without an organization."""


Access = Role | Door

VIEWER, STAFF, MANAGER, OWNER = Role
PUBLIC, SIGNED_IN, NOWHERE = Door

API = "api_"
