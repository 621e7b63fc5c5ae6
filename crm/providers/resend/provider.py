"""Resend, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.letters.words import reports
from crm.providers.resend.account import ACCOUNT
from crm.providers.resend.gateway import CODES, Resend
from crm.providers.resend.webhook import ROUTES

RESEND = Provider("resend", "Resend", "Resend", Resend(), ACCOUNT, reports(CODES), ROUTES)
