"""Twilio, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider, Reports
from crm.providers.twilio import codes, numbers  # noqa: F401 -- it hears of changed settings
from crm.providers.twilio.account import ACCOUNT
from crm.providers.twilio.gateway import Twilio
from crm.providers.twilio.webhook import ROUTES

TWILIO = Provider(
    "twilio",
    "Twilio",
    "Twilio",
    Twilio(),
    ACCOUNT,
    Reports(codes.STATUSES, codes.CODES, codes.explain),
    ROUTES,
)
