"""What a letter's DKIM signatures cover (RFC 6376).

Gmail and Yahoo heed the headers that end marketing only where a signature of the sender's domain covers them.
"""

from __future__ import annotations

import email
import re

WANTED = ("list-unsubscribe", "list-unsubscribe-post")


def problem(raw: bytes, domain: str) -> str:
    """Say what the signatures of a letter from a domain lack, or ""."""
    values = [str(value) for value in email.message_from_bytes(raw).get_all("DKIM-Signature", [])]
    signatures = [tags for tags in map(_tags, values) if _is_of(tags.get("d", ""), domain)]
    if not signatures:
        others = ", ".join(sorted({_tags(value).get("d", "?") for value in values}))
        by_others = f", only one of {others}" if others else ""
        return (
            f"The test letter arrived without a DKIM signature of {domain}{by_others}. "
            "Let the mail server sign what it sends, also to its own mailboxes."
        )
    covered = [set(tags.get("h", "").lower().split(":")) for tags in signatures]
    missing = [name for name in WANTED if not any(name in names for names in covered)]
    if not missing and not any(names.issuperset(WANTED) for names in covered):
        missing = list(WANTED)
    if not missing:
        return ""
    return (
        f"The DKIM signature of {domain} does not cover {' and '.join(missing)}, so Gmail and Yahoo ignore the link "
        "that ends marketing. Add them to the headers that the mail server signs (h=)."
    )


def _tags(value: str) -> dict[str, str]:
    parts = re.sub(r"\s", "", value).split(";")
    return dict(part.split("=", 1) for part in parts if "=" in part)


def _is_of(signer: str, domain: str) -> bool:
    """Whether a signature counts for a domain: it is of the same, or of one above or below it."""
    signer, domain = signer.lower(), domain.lower()
    return bool(signer) and (signer == domain or signer.endswith(f".{domain}") or domain.endswith(f".{signer}"))
