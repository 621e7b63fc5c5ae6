"""SendGrid, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.letters.words import reports
from crm.providers.sendgrid.account import ACCOUNT
from crm.providers.sendgrid.gateway import CODES, Sendgrid
from crm.providers.sendgrid.webhook import ROUTES

SENDGRID = Provider("sendgrid", "SendGrid", "SendGrid", Sendgrid(), ACCOUNT, reports(CODES), ROUTES)
