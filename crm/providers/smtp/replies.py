"""What a mail server's refusal means: by where it came, its code, its enhanced code (RFC 3463), and words.

Sources: RFC 5321, 4.2; RFC 3463 and its registry of enhanced codes; the pages of Google, Microsoft and Yahoo for
senders. A row that stands earlier wins.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

from crm.messages.rules import Answer
from crm.values.language import N_
from crm.values.stored import Stored, stored


class Stage(enum.IntEnum):
    """Where a dialogue stands, in its order."""

    CONNECT = 1
    LOGIN = 2
    SENDER = 3
    RECIPIENT = 4
    DATA = 5
    """After the last dot, the answer about the message itself."""


class Reply(NamedTuple):
    stage: Stage
    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced code, like 5.1.1, or ""."""
        found = _ENHANCED.match(self.text)
        return found[0] if found else ""


class Verdict(NamedTuple):
    """is_dead: nothing will ever arrive at the address."""

    answer: Answer
    sentence: Stored
    is_dead: bool = False

    def said(self, reply: Reply) -> str:
        return self.sentence.english(said=" ".join(f"{reply.code} {reply.text}".split())[:160])


_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)")

LATER = Verdict(Answer.DEFERRED, stored(N_("The mail server put it off: %(said)s")))
FULL_FOR_NOW = Verdict(Answer.DEFERRED, stored(N_("The mailbox is full for now: %(said)s")))
CLOSED_TO_US = Verdict(Answer.REFUSED_SENDER, stored(N_("The mail server lets us in no more: %(said)s")))
LOGIN_REFUSED = Verdict(
    Answer.REFUSED_SENDER, stored(N_("The mail server refused the user name or password: %(said)s"))
)
SENDER_REFUSED = Verdict(Answer.REFUSED_SENDER, stored(N_("The mail server refused the sender: %(said)s")))
NO_MAILBOX = Verdict(Answer.PERMANENT, stored(N_("There is no such mailbox: %(said)s")), is_dead=True)
FULL = Verdict(Answer.PERMANENT, stored(N_("The mailbox is full: %(said)s")))
TOO_LARGE = Verdict(Answer.PERMANENT, stored(N_("The e-mail is too large: %(said)s")))
CONTENT = Verdict(Answer.PERMANENT, stored(N_("The mail server refused the text: %(said)s")))
REFUSED = Verdict(Answer.PERMANENT, stored(N_("The mail server refused it: %(said)s")))


class Rule(NamedTuple):
    """A row of the table; what is left out matches everything."""

    verdict: Verdict
    stages: frozenset[Stage] = frozenset(Stage)
    codes: str = ""
    enhanced: str = ""
    words: str = ""

    def fits(self, reply: Reply) -> bool:
        return (
            reply.stage in self.stages
            and (not self.codes or re.fullmatch(self.codes, str(reply.code)) is not None)
            and (not self.enhanced or re.fullmatch(self.enhanced, reply.enhanced) is not None)
            and (not self.words or re.search(self.words, reply.text, re.IGNORECASE) is not None)
        )


def _at(*stages: Stage) -> frozenset[Stage]:
    return frozenset(stages)


_NOBODY = (
    r"user unknown|unknown user|no such (user|recipient|mailbox|account|person)|no mailbox here|invalid recipient|"
    r"(mailbox|user|account|recipient|address) (is )?(unknown|not found|invalid|inactive|disabled|unavailable)|"
    r"(mailbox|user|account|recipient|address) does(n't| not) exist|does(n't| not) have an? \S{1,40} account|"
    r"not a valid (user|mailbox)|unrouteable address"
)
_POLICY = (
    r"block(ed|list)?\b|black ?list|spamhaus|spamcop|barracuda|dnsbl|\brbl\b|reputation|relay|not permitted|denied|"
    r"\bspf\b|\bdkim\b|\bdmarc\b|authentication|unauthenticated|reverse dns|\bptr\b|helo|policy"
)
_TEXT = r"virus|malware|phish|attachment|content (was )?(rejected|refused|denied)|spam (message|content)"
_ADDRESSED = _at(Stage.RECIPIENT, Stage.DATA)

TABLE = (
    Rule(LOGIN_REFUSED, _at(Stage.LOGIN), codes=r"5\d\d"),
    Rule(LOGIN_REFUSED, codes="530|534|535|538"),
    Rule(LOGIN_REFUSED, enhanced=r"5\.7\.(8|9|11)"),
    Rule(CLOSED_TO_US, _at(Stage.CONNECT), codes=r"5\d\d"),
    Rule(FULL_FOR_NOW, _ADDRESSED, enhanced=r"4\.2\.2"),
    Rule(FULL_FOR_NOW, _at(Stage.RECIPIENT), codes="452", words=r"full|storage|quota"),
    Rule(LATER, codes=r"4\d\d"),
    Rule(TOO_LARGE, enhanced=r"5\.(3\.4|2\.3)"),
    Rule(TOO_LARGE, codes="552", words=r"size|too (large|big)|maximum"),
    Rule(FULL, _ADDRESSED, enhanced=r"5\.2\.2"),
    Rule(
        FULL,
        _ADDRESSED,
        codes="5(50|52|54)",
        words=r"mailbox (is )?full|over ?quota|quota exceeded|insufficient storage",
    ),
    Rule(SENDER_REFUSED, enhanced=r"5\.1\.[78]"),
    Rule(SENDER_REFUSED, _at(Stage.SENDER), codes=r"5\d\d"),
    Rule(NO_MAILBOX, _ADDRESSED, enhanced=r"5\.1\.\d{1,2}"),
    Rule(NO_MAILBOX, _ADDRESSED, enhanced=r"5\.2\.1"),
    Rule(
        NO_MAILBOX, _ADDRESSED, enhanced=r"5\.4\.(1|4|310)", words=r"recipient address rejected|host|domain|route|dns"
    ),
    Rule(REFUSED, enhanced=r"5\.(4|6)\.\d{1,3}"),
    Rule(NO_MAILBOX, _ADDRESSED, codes="55[0134]", words=_NOBODY),
    Rule(CONTENT, _at(Stage.DATA), words=_TEXT),
    Rule(SENDER_REFUSED, enhanced=r"5\.7\.\d{1,3}"),
    Rule(NO_MAILBOX, _at(Stage.RECIPIENT), codes="551|553"),
    Rule(SENDER_REFUSED, _ADDRESSED, codes=r"5\d\d", words=_POLICY),
    Rule(REFUSED),
)


def verdict_of(reply: Reply) -> Verdict:
    """Return what the first fitting row says; the last one fits all."""
    return next(rule.verdict for rule in TABLE if rule.fits(reply))
