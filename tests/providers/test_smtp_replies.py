"""What servers say when they refuse mail, as they are known to say it, and what becomes of the message."""

from __future__ import annotations

import pytest

from crm.providers.smtp import replies
from crm.providers.smtp.replies import Reply, Stage, Verdict, verdict_of

CONNECT, LOGIN, SENDER, TO, DATA = Stage
LATER, FULL_FOR_NOW, CLOSED, NO_LOGIN, NO_SENDER, NOBODY, FULL, LARGE, CONTENT, REFUSED = (
    replies.LATER,
    replies.FULL_FOR_NOW,
    replies.CLOSED_TO_US,
    replies.LOGIN_REFUSED,
    replies.SENDER_REFUSED,
    replies.NO_MAILBOX,
    replies.FULL,
    replies.TOO_LARGE,
    replies.CONTENT,
    replies.REFUSED,
)

TABLE: list[tuple[Stage, int, str, Verdict]] = [
    # Before anything was said
    (CONNECT, 421, "4.3.2 Service not available, closing transmission channel", LATER),
    (CONNECT, 421, "Too many concurrent SMTP connections", LATER),
    (CONNECT, 450, "4.7.1 Service unavailable; try again later", LATER),
    (CONNECT, 554, "5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org", CLOSED),
    (CONNECT, 554, "No SMTP service here", CLOSED),
    (CONNECT, 521, "5.3.2 Host does not accept mail", CLOSED),
    # Signing in
    (LOGIN, 535, "5.7.8 Username and Password not accepted", NO_LOGIN),
    (LOGIN, 535, "Authentication credentials invalid", NO_LOGIN),
    (LOGIN, 534, "5.7.9 Application-specific password required", NO_LOGIN),
    (LOGIN, 538, "5.7.11 Encryption required for requested authentication mechanism", NO_LOGIN),
    (LOGIN, 454, "4.7.0 Temporary authentication failure", LATER),
    (LOGIN, 421, "4.7.0 Too many login attempts", LATER),
    (SENDER, 530, "5.7.0 Must issue a STARTTLS command first", NO_LOGIN),
    (SENDER, 530, "5.5.1 Authentication Required", NO_LOGIN),
    (SENDER, 550, "5.7.8 Authentication required", NO_LOGIN),
    # The sender
    (SENDER, 451, "4.7.500 Server busy. Please try again later", LATER),
    (SENDER, 452, "4.3.1 Insufficient system storage", LATER),
    (SENDER, 550, "5.1.8 Sender address rejected: Domain not found", NO_SENDER),
    (SENDER, 553, "5.7.1 Sender address rejected: not owned by user shop", NO_SENDER),
    (SENDER, 550, "5.7.60 Client does not have permissions to send as this sender", NO_SENDER),
    (SENDER, 501, "5.1.7 Bad sender address syntax", NO_SENDER),
    (SENDER, 550, "Mail is not accepted from this domain", NO_SENDER),
    (SENDER, 552, "5.3.4 Message size exceeds fixed maximum message size", LARGE),
    # The mailbox
    (TO, 550, "5.1.1 The email account that you tried to reach does not exist. Please try double-checking", NOBODY),
    (TO, 550, "5.1.1 <a@shop.test>: Recipient address rejected: User unknown in local recipient table", NOBODY),
    (TO, 550, "5.1.2 Host unknown (Name server: shop.test: host not found)", NOBODY),
    (TO, 553, "5.1.3 The recipient address is not a valid RFC-5321 address", NOBODY),
    (TO, 550, "5.1.6 Recipient no longer on server", NOBODY),
    (TO, 556, "5.1.10 Recipient domain has a null MX", NOBODY),
    (TO, 550, "5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", NOBODY),
    (TO, 550, "5.2.1 The email account that you tried to reach is disabled", NOBODY),
    (TO, 550, "5.4.1 Recipient address rejected: Access denied. AS(201806281)", NOBODY),
    (TO, 550, "5.4.310 DNS domain does not exist", NOBODY),
    (TO, 550, "5.5.0 Requested action not taken: mailbox unavailable", NOBODY),
    (TO, 550, "No such user here", NOBODY),
    (TO, 550, "Unrouteable address", NOBODY),
    (TO, 550, "5.7.1 Recipient not found", NOBODY),
    (TO, 551, "User not local; please try <b@shop.test>", NOBODY),
    (TO, 553, "sorry, that domain isn't in my list of allowed rcpthosts", NOBODY),
    (DATA, 554, "delivery error: dd This user doesn't have a yahoo.com account", NOBODY),
    (TO, 450, "4.2.1 The user you are trying to contact is receiving mail too quickly", LATER),
    (TO, 451, "4.7.1 Greylisting in action, please come back later", LATER),
    (TO, 450, "4.1.1 <a@shop.test>: Recipient address rejected: unverified address", LATER),
    (TO, 451, "4.4.3 DNS server failure", LATER),
    (TO, 452, "4.5.3 Too many recipients", LATER),
    (TO, 452, "4.2.2 The email account that you tried to reach is over quota", FULL_FOR_NOW),
    (TO, 452, "Requested action not taken: insufficient system storage", FULL_FOR_NOW),
    (TO, 552, "5.2.2 The email account that you tried to reach is over quota and inactive", FULL),
    (TO, 552, "Requested mail action aborted: exceeded storage allocation, mailbox full", FULL),
    (DATA, 554, "5.2.2 mailbox full", FULL),
    (TO, 550, "Requested action not taken", REFUSED),
    (TO, 550, "5.4.6 Routing loop detected", REFUSED),
    # We
    (TO, 554, "5.7.1 <a@other.test>: Relay access denied", NO_SENDER),
    (TO, 550, "5.7.1 Unable to relay", NO_SENDER),
    (TO, 550, "5.7.606 Access denied, banned sending IP [192.0.2.1]", NO_SENDER),
    (
        TO,
        550,
        "5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. They are on our block list (S3150)",
        NO_SENDER,
    ),
    (TO, 554, "Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.1", NO_SENDER),
    (DATA, 550, "5.7.26 This mail has been blocked because the sender is unauthenticated", NO_SENDER),
    (DATA, 550, "5.7.515 Access denied, sending domain shop.test doesn't meet the required level", NO_SENDER),
    (DATA, 550, "5.7.1 [192.0.2.1] Our system has detected that this message is likely unsolicited mail", NO_SENDER),
    (DATA, 554, "Message not accepted for policy reasons", NO_SENDER),
    (DATA, 550, "SPF check failed", NO_SENDER),
    # The message
    (DATA, 421, "4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume or user complaints", LATER),
    (DATA, 451, "4.3.0 Mail server temporarily rejected message", LATER),
    (DATA, 452, "4.3.1 Out of memory", LATER),
    (DATA, 552, "5.3.4 Message too big for system", LARGE),
    (DATA, 552, "message exceeds fixed maximum message size", LARGE),
    (DATA, 550, "5.2.3 Message too large for this recipient", LARGE),
    (DATA, 550, "5.7.1 Message contains a virus", CONTENT),
    (DATA, 554, "5.7.1 The message was rejected because it contains prohibited content, possibly phishing", CONTENT),
    (DATA, 554, "5.6.0 Message with invalid header", REFUSED),
    (DATA, 550, "5.6.7 Non-ASCII addresses are not supported", REFUSED),
    (DATA, 554, "Transaction failed", REFUSED),
    (DATA, 500, "", REFUSED),
]


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 60


@pytest.mark.parametrize(("stage", "code", "text", "verdict"), TABLE)
def test_a_reply_means(stage: Stage, code: int, text: str, verdict: Verdict) -> None:
    found = verdict_of(Reply(stage, code, text))
    assert found == verdict, found.said(Reply(stage, code, text))


def test_only_a_mailbox_that_is_not_there_is_dead() -> None:
    assert {verdict.is_dead for *_, verdict in TABLE if verdict is not NOBODY} == {False}
    assert NOBODY.is_dead


def test_a_long_answer_is_cut_and_keeps_its_code() -> None:
    said = NOBODY.said(Reply(TO, 550, "5.1.1 no\nsuch " + "x" * 500))
    assert "550 5.1.1 no such x" in said
    assert len(said) < 200
