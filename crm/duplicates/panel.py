"""What the customer's page says of duplicates, on top."""

from __future__ import annotations

from crm.customers import panels
from crm.duplicates.queries import notices_of

panels.register_notice("duplicates/_notice.html", notices_of)
