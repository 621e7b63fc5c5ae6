"""The reach of a scan, and signatures of webhook calls."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping

from standardwebhooks import Webhook, WebhookVerificationError

from crm.values.language import N_

CUTOFF_DAYS, MAX_CUTOFF_DAYS = 30, 3_650
CUTOFF_SENTENCE = N_("Enter how many days to look back, from 1 to 3,650.")


def new_secret() -> str:
    """Return a signing secret (standardwebhooks.com: 24 to 64 bytes)."""
    return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"


def is_genuine(secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the body is signed with the secret, within five minutes."""
    if not secret:
        return False
    try:
        Webhook(secret).verify(body, dict(headers), json_parse=False)
    except (WebhookVerificationError, ValueError):  # what has another form than a signature is none
        return False
    return True
