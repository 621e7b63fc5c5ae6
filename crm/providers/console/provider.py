"""The console, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.console.gateway import Console

CONSOLE = Provider(
    "console", "Nowhere: to try things out, messages are only listed", "Tried out", Console(), shows_calls=True
)
