"""Mailgun, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.letters.words import reports
from crm.providers.mailgun.account import ACCOUNT
from crm.providers.mailgun.gateway import CODES, Mailgun
from crm.providers.mailgun.webhook import ROUTES

MAILGUN = Provider("mailgun", "Mailgun", "Mailgun", Mailgun(), ACCOUNT, reports(CODES), ROUTES)
