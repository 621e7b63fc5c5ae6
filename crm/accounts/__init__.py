"""Accounts: organizations with their branches, users with their roles, sign-in, and the door to tenant rows."""

__all__ = [
    "access",
    "branches",
    "browsers",
    "cli",
    "current_password",
    "forms",
    "members",
    "models",
    "passwords",
    "queries",
    "rules",
    "services",
    "sign_ins",
    "signals",
    "throttle",
    "tokens",
    "typed",
]
