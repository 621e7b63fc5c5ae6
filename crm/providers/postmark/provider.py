"""Postmark, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.letters.words import reports
from crm.providers.postmark.account import ACCOUNT
from crm.providers.postmark.gateway import CODES, Postmark
from crm.providers.postmark.webhook import ROUTES

POSTMARK = Provider("postmark", "Postmark", "Postmark", Postmark(), ACCOUNT, reports(CODES), ROUTES)
