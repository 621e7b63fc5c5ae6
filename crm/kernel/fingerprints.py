"""Names of what must not be kept itself: keyed hashes, which say nothing without SECRET_KEY.

SECRET_KEY_FALLBACKS are tried as well, so that SECRET_KEY can change.
"""

from __future__ import annotations

import hashlib
import hmac

from flask import current_app


def fingerprint(purpose: str, *parts: object) -> str:
    """Return 64 hexadecimal digits."""
    return _made_with(current_app.config["SECRET_KEY"], purpose, parts)


def fingerprints(purpose: str, *parts: object) -> list[str]:
    """Return the fingerprint, and those made with the keys of before."""
    keys = (current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"])
    return [_made_with(key, purpose, parts) for key in keys]


def _made_with(key: str, purpose: str, parts: tuple[object, ...]) -> str:
    said = "\0".join(("fingerprint", purpose, *map(str, parts)))
    return hmac.new(key.encode(), said.encode(), hashlib.sha256).hexdigest()
