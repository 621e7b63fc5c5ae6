"""Our words for what came beside the words of a customer: stored in English, and translated when shown."""

from __future__ import annotations

from crm.values.language import N_
from crm.values.stored import stored

AD = stored(N_("came from the ad “%(headline)s”"))
REACTED = stored(N_("reacted with %(emoji)s"))
CARDS = stored(N_("%(number)s contact cards"))
OTHER_KIND = stored(N_("a message of another kind (%(kind)s)"))
TOGETHER = stored("%(sentence)s, %(another)s")
DETAILED = stored("%(sentence)s: %(detail)s")


def joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))
