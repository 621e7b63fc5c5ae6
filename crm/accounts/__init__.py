"""Accounts: organizations with their branches, users with their roles, sign-in, and the door to tenant rows."""

__all__ = [
    "access",
    "branches",
    "cli",
    "models",
    "navigation",
    "queries",
    "roles",
    "rules",
    "services",
    "sign_ins",
    "throttle",
    "tokens",
]
