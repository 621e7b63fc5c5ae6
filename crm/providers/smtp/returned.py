"""What a mail that came back says: delivery status notifications (RFC 3464) and feedback reports (RFC 5965).

Anybody may write to the mailbox, so nothing in it is believed that has no machine part, and nothing is said of an
address that the machine part does not name. Replies of an absent owner have no such part.
"""

from __future__ import annotations

import base64
import email
import quopri
import re
from collections.abc import Iterator, Sequence
from email.message import Message
from typing import NamedTuple

from crm.providers.base import Answer
from crm.providers.letters.message import ascii_address
from crm.providers.letters.words import Word
from crm.providers.smtp.replies import Reply, Stage, verdict_of
from crm.providers.smtp.return_path import Claim, claims_in

COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "other", "virus"})
"""Types of feedback (RFC 5965, 7.3, and RFC 6430); `not-spam` and `auth-failure` are none of the customer."""

MOST_RECIPIENTS = 50
BLOCKED = "5.7.0"
"""The code of a refused sender where words alone say so."""

_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_SMTP = re.compile(r"(?:[\w-]{1,30};)?\s*([245]\d\d)(?:[ -]|$)(.*)", re.DOTALL)
_XTEXT = re.compile(r"\+([0-9A-F]{2})")


class Fate(NamedTuple):
    """What became of a mail to somebody, by the names the report has for them; none at all in some complaints."""

    recipients: frozenset[str]
    word: Word
    code: str | None = None

    def is_of(self, address: str) -> bool:
        if not self.recipients:
            return self.word is Word.COMPLAINED
        return _folded(address) in self.recipients


class Returned(NamedTuple):
    claims: Sequence[Claim]
    fates: Sequence[Fate]


def returned_in(raw: bytes) -> Returned | None:
    """Read a mail, which may be cut off; None for one that is no report."""
    mail = email.message_from_bytes(raw)
    report = _report(mail)
    if report is None:
        return None
    parts = [part for part in report.get_payload() if isinstance(part, Message)]
    fates: list[Fate] = []
    named = [str(value) for value in mail.values()]
    for part in parts:
        kind = part.get_content_type()
        if kind.endswith("delivery-status"):
            fates += _fates(part)
        elif kind == "message/feedback-report":
            fields = _merged(_blocks(part))
            fates += _complaints(fields)
            named.append(str(fields.get("Original-Mail-From", "")))
        elif kind.endswith(("/rfc822", "rfc822-headers", "/global", "global-headers")):
            named += [str(value) for block in _blocks(part)[:2] for value in block.get_all("Return-Path", [])]
    claims = list(dict.fromkeys(claims_in("\n".join(named))))
    return Returned(claims, fates) if claims and fates else None


def _report(mail: Message) -> Message | None:
    """Return the report that a mail is, or that stands in it beside what a list or a scanner added."""
    if mail.get_content_type() == "multipart/report":
        return mail if mail.is_multipart() else None
    inner = mail.get_payload() if mail.get_content_maintype() == "multipart" else []
    parts = [part for part in inner if isinstance(part, Message)]
    return next((part for part in parts if part.get_content_type() == "multipart/report" and part.is_multipart()), None)


def _blocks(part: Message) -> list[Message]:
    """Return the groups of fields of a machine part, decoded where a server encoded them against the rule."""
    inner = part.get_payload()
    if isinstance(inner, list):
        raw = b"\n\n".join(one.as_bytes() for one in inner if isinstance(one, Message))
    else:
        raw = str(inner).encode("utf-8", "surrogateescape")
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        raw = base64.b64decode(raw)
    elif encoding == "quoted-printable":
        raw = quopri.decodestring(raw)
    text = raw.replace(b"\0", b"").replace(b"\r\n", b"\n")
    return [email.message_from_bytes(block) for block in re.split(rb"\n[ \t]*\n", text) if block.strip()]


def _fates(part: Message) -> Iterator[Fate]:
    """Yield one for each recipient; fields that a blank line cut off belong to the one before."""
    groups: list[list[Message]] = []
    for block in _blocks(part):
        if "Final-Recipient" in block or "Original-Recipient" in block:
            groups.append([])
        if groups:
            groups[-1].append(block)
    for group in groups[:MOST_RECIPIENTS]:
        fate = _fate(_merged(group))
        if fate is not None:
            yield fate


def _merged(blocks: Sequence[Message]) -> Message:
    merged = Message()
    for block in blocks:
        for name, value in block.items():
            merged[name] = value
    return merged


def _fate(fields: Message) -> Fate | None:
    named = [str(value) for name in ("Final-Recipient", "Original-Recipient") for value in fields.get_all(name, [])]
    recipients = frozenset(spelling for value in named for spelling in _spellings(value))
    action = str(fields.get("Action", "")).strip().lower().split(" ")[0]
    status = _STATUS.search(str(fields.get("Status", "")))
    if not recipients:
        return None
    if action == "delivered":
        return Fate(recipients, Word.DELIVERED)
    if action != "failed" and (action or status is None or status[0][0] != "5"):
        return None  # delayed, and tried again, or relayed to who says no more of it
    reply = _reply(status[0] if status else "", str(fields.get("Diagnostic-Code", "")))
    return Fate(recipients, *_meaning(reply))


def _reply(status: str, diagnostic: str) -> Reply:
    """Return what the last server said: its own code where it is of the same class, for the status is often vague."""
    said = " ".join(diagnostic.split())
    found = _SMTP.match(said)
    text = found[2].strip() if found else said.partition(";")[2].strip() or said
    own = _STATUS.match(text)
    kind = status[:1] or (own[0][:1] if own else found[1][:1] if found else "5")
    if own and own[0].startswith(kind):
        enhanced, text = own[0], text[own.end() :].strip()
    else:
        enhanced = status
    code = int(found[1]) if found and found[1].startswith(kind) else int(f"{kind}50")
    return Reply(Stage.DATA, code, f"{enhanced} {text}".strip())


def _meaning(reply: Reply) -> tuple[Word, str]:
    verdict, code = verdict_of(reply), reply.enhanced or str(reply.code)
    if verdict.is_dead:
        return Word.BOUNCED, code
    if verdict.answer is Answer.REFUSED_SENDER:
        return Word.BLOCKED, code if code.startswith("5.7.") else BLOCKED
    return Word.UNDELIVERED, code


def _complaints(fields: Message) -> Iterator[Fate]:
    kind = str(fields.get("Feedback-Type", "")).strip().lower()
    if kind in COMPLAINTS:
        named = [str(value) for value in fields.get_all("Original-Rcpt-To", [])]
        recipients = frozenset(spelling for value in named for spelling in _spellings(value))
        is_hidden = all(one.partition("@")[0] == "redacted" for one in recipients)
        yield Fate(frozenset() if is_hidden else recipients, Word.COMPLAINED)


def _spellings(value: str) -> Iterator[str]:
    """Yield what a field may mean by an address: some servers encode it (RFC 3461, xtext), most do not."""
    address = value.rpartition(";")[2].strip().strip("<>").strip()
    if "@" in address and len(address) <= 320:
        yield _folded(address)
        yield _folded(_XTEXT.sub(lambda found: chr(int(found[1], 16)), address))


def _folded(address: str) -> str:
    try:
        return ascii_address(address).lower()
    except ValueError:
        return address.lower()
