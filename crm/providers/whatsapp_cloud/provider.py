"""Meta's WhatsApp Cloud API, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider, Reports
from crm.providers.whatsapp_cloud import codes
from crm.providers.whatsapp_cloud.account import ACCOUNT
from crm.providers.whatsapp_cloud.gateway import WhatsappCloud
from crm.providers.whatsapp_cloud.webhook import ROUTES
from crm.values.language import N_

WHATSAPP_CLOUD = Provider(
    "whatsapp_cloud",
    N_("WhatsApp Business, by Meta's Cloud API"),
    "WhatsApp Business",
    WhatsappCloud(),
    ACCOUNT,
    Reports(codes.STATUSES, codes.CODES, codes.explain),
    ROUTES,
)
