"""Mail that comes back, in the shapes of many mail servers and of some broken ones, and what each file means."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from crm.kernel.extensions import db
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource, Purpose, Suppression
from tests.messages.shop import Shop
from tests.returns.conftest import SARI, Returns

CORPUS = Path(__file__).parent / "corpus"

Meaning = tuple[Status, OptOutSource | None]
HARD: Meaning = (Status.UNDELIVERED, OptOutSource.BOUNCE)
SOFT: Meaning = (Status.UNDELIVERED, None)
"""It did not arrive this time; the address stays open."""
DELIVERED: Meaning = (Status.DELIVERED, None)
COMPLAINT: Meaning = (Status.DELIVERED, OptOutSource.COMPLAINT)
NOTHING: Meaning = (Status.SENT, None)

TABLE: dict[str, Meaning] = {
    "postfix-hard": HARD,
    "postfix-full": SOFT,
    "postfix-delayed": NOTHING,
    "postfix-gave-up": SOFT,
    "postfix-no-such-domain": HARD,
    "postfix-sender-refused": SOFT,
    "postfix-delivered": DELIVERED,
    "postfix-relayed": NOTHING,
    "postfix-forwarded-on": HARD,
    "postfix-utf8": HARD,
    "exim-hard": HARD,
    "exim-unrouteable": HARD,
    "exim-text-only": NOTHING,
    "sendmail-hard": HARD,
    "sendmail-host-unknown": HARD,
    "sendmail-too-large": SOFT,
    "qmail": NOTHING,
    "netqmail-report": HARD,
    "office365-hard": HARD,
    "office365-directory": HARD,
    "exchange-expired": SOFT,
    "exchange-restricted": SOFT,
    "exchange-blank-lines": HARD,
    "exchange-base64": HARD,
    "exchange-out-of-office": NOTHING,
    "exchange-read-receipt": NOTHING,
    "gmail-hard": HARD,
    "gmail-full": SOFT,
    "gmail-unauthenticated": SOFT,
    "yahoo-hard": HARD,
    "yahoo-inactive": HARD,
    "yahoo-complaint": COMPLAINT,
    "ses-hard": HARD,
    "ses-suppressed": HARD,
    "courier-hard": HARD,
    "opensmtpd-hard": HARD,
    "opensmtpd-warning": NOTHING,
    "zimbra-hard": HARD,
    "lotus-hard": HARD,
    "groupwise-full": SOFT,
    "generic-complaint-redacted": COMPLAINT,
    "not-spam": NOTHING,
    "complaint-of-somebody-else": NOTHING,
    "no-machine-part": NOTHING,
    "wrong-charset": HARD,
    "eight-bit-headers": HARD,
    "several-recipients": SOFT,
    "another-recipient": NOTHING,
    "no-recipient": NOTHING,
    "forwarded-by-a-person": NOTHING,
    "scanned-on-the-way": HARD,
    "nested-deep": NOTHING,
    "huge": HARD,
    "huge-before-the-machine-part": NOTHING,
    "nul": HARD,
    "cut-off-after-the-machine-part": HARD,
    "cut-off-in-the-machine-part": NOTHING,
    "line-feeds-alone": HARD,
    "forged-token": NOTHING,
    "token-of-another-organization": NOTHING,
    "token-in-capitals": HARD,
    "token-rewritten-on-the-way": HARD,
    "token-in-the-letter-alone": HARD,
    "no-token": NOTHING,
    "an-ordinary-mail": NOTHING,
    "nothing": NOTHING,
    "noise": NOTHING,
    "vacation": NOTHING,
    "status-without-action": HARD,
    "no-report-type": HARD,
}

REFUSED_SENDERS = {"postfix-sender-refused", "exchange-restricted", "gmail-unauthenticated"}


def filled(name: str, own: str, strangers: str) -> bytes:
    """Return a file of the corpus with the addresses of letters that were sent."""
    local, _sign, domain = own.partition("@")
    digit = "0" if local[-1] != "0" else "1"
    words = {
        "RETURN": own,
        "FORGED": f"{local[:-1]}{digit}@{domain}",
        "STRANGER": strangers,
        "CAPITALS": own.upper(),
        "LOCAL": local,
        "HUGE": "All of this is said once more.\r\n" * 20_000,
    }
    raw = (CORPUS / f"{name}.eml").read_bytes()
    for word, value in words.items():
        raw = raw.replace(f"@@{word}@@".encode(), value.encode())
    return raw


def test_the_table_has_every_file() -> None:
    assert {file.stem for file in CORPUS.glob("*.eml")} == TABLE.keys()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", TABLE)
def test_what_comes_back_is_understood(returns: Returns, stranger: Shop, name: str) -> None:
    theirs, strangers = returns.send(stranger, "budi@shop.test")
    ours, own = returns.send()
    uid = returns.box.put(filled(name, own, strangers))
    returns.read()
    status, source = TABLE[name]
    message = returns.shop.message(ours)
    assert (message.status, stranger.status(theirs)) == (status, Status.SENT)
    assert ("takes no mail from this sender" in message.reason) == (name in REFUSED_SENDERS)
    with returns.shop.inside():
        found = [(one.address, one.source, one.purpose) for one in db.session.scalars(sa.select(Suppression))]
    purpose = Purpose.MARKETING if source is OptOutSource.COMPLAINT else Purpose.ALL
    assert found == ([(SARI, source, purpose)] if source else [])
    assert returns.box.seen == {uid}
