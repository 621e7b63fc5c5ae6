"""The rooms of the house, the lowest floor first; a room with a manifest (`feature.py`) is a feature."""

from __future__ import annotations

import importlib
from pathlib import Path

from crm.kernel.manifest import Feature

ROOMS = (
    "values",
    "kernel",
    "people",
    "analytics",
    "web",
    "accounts",
    "palette",
    "api",
    "customers",
    "messages",
    "loyalty",
    "intake",
    "duplicates",
    "message_templates",
    "series",
    "opt_outs",
    "consents",
    "inbox",
    "providers",
    "delivery",
    "senders",
    "webhooks",
    "returns",
    "user_mail",
    "compose",
    "leads",
    "notes",
    "area_customers",
    "invoices",
    "bookings",
    "visits",
    "rewards",
    "badges",
    "referrals",
    "automations",
    "reports",
    "segments",
    "campaigns",
    "web_push",
    "imports",
    "exports",
    "reminders",
    "privacy",
    "customer_page",
    "wallets",
    "backups",
    "demo",
    "first_hour",
    "home",
    "programs",
)
"""Each imports those before it."""


FEATURES: tuple[Feature, ...] = tuple(
    importlib.import_module(f"crm.{room}.feature").feature
    for room in ROOMS
    if (Path(__file__).parent / room / "feature.py").exists()
)
"""The manifests, the lowest floor first. Importing them declares every table, before an application is made."""
