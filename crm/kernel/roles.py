"""Who may call an endpoint: the roles of an organization's users, and the doors that need none."""

from __future__ import annotations

import enum


class Role(enum.IntEnum):
    """What a user may do in an organization; each role may do what the one before it may."""

    VIEWER = 1
    STAFF = 2
    MANAGER = 3
    OWNER = 4

    @classmethod
    def named(cls, name: str) -> Role:
        """Return the role called `name` ("staff"); raises ValueError with a sentence."""
        try:
            return cls[name.upper()]
        except KeyError:
            raise ValueError("The role has to be owner, manager, staff or viewer.") from None

    @property
    def label(self) -> str:
        """The role's name as people write it."""
        return self.name.lower()

    @property
    def may_be_bound(self) -> bool:
        """Whether an organization may show a user of this role the customers of their branch alone."""
        return self < Role.MANAGER


class Door(enum.Enum):
    """Who may call an endpoint that asks for no role."""

    PUBLIC = enum.auto()
    """Everybody; other systems prove themselves by a signature."""
    SIGNED_IN = enum.auto()
    """Every signed-in user."""
    NOWHERE = enum.auto()
    """Every signed-in user, even one who acts in no organization."""


Access = Role | Door

VIEWER, STAFF, MANAGER, OWNER = Role
PUBLIC, SIGNED_IN, NOWHERE = Door

API = "api_"
"""The beginning of the names of endpoints that know users by a token, and by nothing else."""
