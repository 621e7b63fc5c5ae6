"""Sending by hand, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.manual.gateway import Manual

MANUAL = Provider("manual", "By hand: due messages wait on the first page, ready to send", "By hand", Manual())
