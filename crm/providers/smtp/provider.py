"""A mail server, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.letters.words import reports
from crm.providers.smtp.account import ACCOUNT
from crm.providers.smtp.gateway import Smtp
from crm.values.language import N_

SMTP = Provider("smtp", N_("A mail server (SMTP)"), N_("Mail server"), Smtp(), ACCOUNT, reports({}))
