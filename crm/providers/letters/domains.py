"""What DNS says of a domain that mail is sent from: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489).

Google, Yahoo and Microsoft ask for all three of whoever writes to many, and for one of the first two of everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dns.exception
import dns.resolver

from crm.messages.channels.email import mailbox_parts
from crm.providers.base import Sender
from crm.providers.letters.message import ascii_address

SECONDS = 4.0
"""The longest time to wait for an answer."""

FREE = frozenset(
    {
        *("aol.com", "gmail.com", "googlemail.com", "gmx.com", "gmx.de", "gmx.net", "hotmail.com", "icloud.com"),
        *("live.com", "mail.ru", "me.com", "msn.com", "outlook.com", "proton.me", "protonmail.com", "qq.com", "web.de"),
        *("yahoo.co.id", "yahoo.co.uk", "yahoo.com", "yahoo.de", "yandex.ru", "ymail.com"),
    }
)
"""Domains whose owners let nobody else send from them."""


class NoAnswerError(Exception):
    """DNS could not be asked."""


def domain_of(sender: Sender) -> str:
    """Return the domain of a sender's address, as DNS has it."""
    return ascii_address(mailbox_parts(sender.number)[1]).rpartition("@")[2]


def problems(domain: str, selectors: Sequence[str] = ()) -> Iterator[str]:
    """Yield what receivers will hold against mail from a domain; raises NoAnswerError.

    selectors: names of which one at least should have a DKIM key; without any, keys can't be looked for.
    """
    if domain in FREE:
        yield f"Nobody else may send from {domain}. Send from an address of your own domain."
        return
    yield from _spf(domain)
    if selectors and not any(_has_key(domain, selector) for selector in selectors):
        tried = " or ".join(f"{selector}._domainkey.{domain}" for selector in selectors)
        yield f"There is no DKIM key at {tried}. Add the record that your mail provider shows."
    yield from _dmarc(domain)


def _spf(domain: str) -> Iterator[str]:
    found = [text for text in _texts(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if not found:
        yield f"{domain} has no SPF record. Add the record v=spf1 … that your mail provider shows."
    elif len(found) > 1:
        yield f"{domain} has {len(found)} SPF records, so none counts. Put them together into one."
    elif {"+all", "all"} & set(found[0].lower().split()):
        yield f"The SPF record of {domain} lets everybody send from it. End it with ~all."


def _has_key(domain: str, selector: str) -> bool:
    for text in _texts(f"{selector}._domainkey.{domain}"):
        tags = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
        if tags.get("p", "").strip():
            return True
    return False


def _dmarc(domain: str) -> Iterator[str]:
    """Look at the domain and those above it, as a record of the shop's domain counts for its subdomains."""
    labels = domain.split(".")
    for above in range(len(labels) - 1):
        name = ".".join(labels[above:])
        found = [text for text in _texts(f"_dmarc.{name}") if text.lower().replace(" ", "").startswith("v=dmarc1;")]
        if len(found) > 1:
            yield f"_dmarc.{name} has {len(found)} DMARC records, so none counts. Keep one."
        if found:
            return
    yield f"{domain} has no DMARC record. Add a TXT record at _dmarc.{domain}: v=DMARC1; p=none"


def _texts(name: str) -> list[str]:
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise NoAnswerError(str(error)) from error
    return [b"".join(row.strings).decode("ascii", "replace").strip() for row in answer]
