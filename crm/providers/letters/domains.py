"""What DNS says of a domain that mail is sent from: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489).

Google, Yahoo and Microsoft ask for all three of whoever writes to many, and for one of the first two of everybody.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence

import dns.exception
import dns.resolver

from crm.messages.channels.email import mailbox_parts
from crm.providers.base import Sender
from crm.providers.letters.message import ascii_address
from crm.values.language import N_
from crm.values.stored import stored

SECONDS, ALL_SECONDS = 4.0, 10.0
"""The longest time to wait for an answer, and for all about a domain."""

OF_OTHERS = stored(N_("Nobody else may send from %(domain)s. Send from an address of your own domain."))
NO_SPF = stored(N_("%(domain)s has no SPF record. Add the record v=spf1 … that your mail provider shows."))
SPF_TWICE = stored(N_("%(domain)s has %(number)s SPF records, so none counts. Put them together into one."))
SPF_OPEN = stored(N_("The SPF record of %(domain)s lets everybody send from it. End it with ~all."))
NO_KEY = stored(N_("There is no DKIM key. Add the record that your mail provider shows; looked for at %(names)s."))
DMARC_TWICE = stored(N_("%(name)s has %(number)s DMARC records, so none counts. Keep one."))
NO_DMARC = stored(N_("%(domain)s has no DMARC record. Add a TXT record with v=DMARC1; p=none under the name _dmarc."))

Ask = Callable[[str], list[str]]
"""Returns the texts of a name."""

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
    """Yield what receivers will hold against mail from a domain, as rows keep sentences; raises NoAnswerError.

    selectors: names of which one at least should have a DKIM key; without any, keys can't be looked for.
    """
    if domain in FREE:
        yield OF_OTHERS.english(domain=domain)
        return
    ask = functools.partial(_texts, until=time.monotonic() + ALL_SECONDS)
    yield from _spf(domain, ask)
    if selectors and not any(_has_key(domain, selector, ask) for selector in selectors):
        tried = ", ".join(f"{selector}._domainkey.{domain}" for selector in selectors)
        yield NO_KEY.english(names=tried)
    yield from _dmarc(domain, ask)


def _spf(domain: str, ask: Ask) -> Iterator[str]:
    found = [text for text in ask(domain) if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")]
    if not found:
        yield NO_SPF.english(domain=domain)
    elif len(found) > 1:
        yield SPF_TWICE.english(domain=domain, number=len(found))
    elif {"+all", "all"} & set(found[0].lower().split()):
        yield SPF_OPEN.english(domain=domain)


def _has_key(domain: str, selector: str, ask: Ask) -> bool:
    for text in ask(f"{selector}._domainkey.{domain}"):
        tags = dict(part.strip().split("=", 1) for part in text.split(";") if "=" in part)
        if tags.get("p", "").strip():
            return True
    return False


def _dmarc(domain: str, ask: Ask) -> Iterator[str]:
    """Look at the domain and those above it, as a record of the shop's domain counts for its subdomains."""
    labels = domain.split(".")
    for above in range(len(labels) - 1):
        name = ".".join(labels[above:])
        found = [text for text in ask(f"_dmarc.{name}") if text.lower().replace(" ", "").startswith("v=dmarc1;")]
        if len(found) > 1:
            yield DMARC_TWICE.english(name=f"_dmarc.{name}", number=len(found))
        if found:
            return
    yield NO_DMARC.english(domain=domain)


def _texts(name: str, until: float) -> list[str]:
    left = min(SECONDS, until - time.monotonic())
    if left <= 0:
        raise NoAnswerError("too slow")
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=left)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise NoAnswerError(str(error)) from error
    return [b"".join(row.strings).decode("ascii", "replace").strip() for row in answer]
