"""The console, as a provider."""

from __future__ import annotations

from crm.providers.base import Provider
from crm.providers.console.gateway import Console
from crm.values.language import N_

CONSOLE = Provider(
    "console",
    N_("Test mode: nothing is sent; messages are only listed"),
    N_("Test mode"),
    Console(),
    shows_calls=True,
)
