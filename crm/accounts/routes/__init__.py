"""Pages of sign-in, set-up and settings."""

from crm.accounts.routes import branches, invitations, leave, organization, password, preferences, setup, sign_in, users
from crm.accounts.routes.blueprint import bp

__all__ = [
    "bp",
    "branches",
    "invitations",
    "leave",
    "organization",
    "password",
    "preferences",
    "setup",
    "sign_in",
    "users",
]
