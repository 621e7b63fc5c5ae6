"""Sending by hand, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.manual.gateway import Manual
from crm.values.language import N_

MANUAL = Provider(
    "manual",
    N_("I send them myself: due messages appear on the home page, ready to send with one tap"),
    N_("Manual"),
    Manual(),
)
