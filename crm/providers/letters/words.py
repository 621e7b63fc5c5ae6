"""What the reports of mail providers say, in words of ours that all of them are brought to."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.providers.base import Closing, Meaning, Reports
from crm.values.language import N_


class Word(enum.StrEnum):
    ACCEPTED = "accepted"
    """By the provider, found by a look-up."""
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    """For good: there is no such mailbox."""
    UNDELIVERED = "undelivered"
    """This time: the mailbox is full, or the server refused."""
    BLOCKED = "blocked"
    """By the receiving server, because of who sent it: that says nothing of the mailbox."""
    REFUSED = "refused"
    """By the provider, which did not even try."""
    COMPLAINED = "complained"


_STATUSES = {
    Word.ACCEPTED.value: Status.ACCEPTED,
    Word.DELIVERED.value: Status.DELIVERED,
    Word.BOUNCED.value: Status.UNDELIVERED,
    Word.UNDELIVERED.value: Status.UNDELIVERED,
    Word.BLOCKED.value: Status.UNDELIVERED,
    Word.REFUSED.value: Status.FAILED,
    # Who reports a letter as spam has got it.
    Word.COMPLAINED.value: Status.DELIVERED,
}
_SENTENCES = {
    Word.BOUNCED.value: N_("There is no such mailbox."),
    Word.UNDELIVERED.value: N_("The receiving server did not take it."),
    Word.BLOCKED.value: N_("The receiving server takes no mail from this sender."),
    Word.REFUSED.value: N_("The provider did not send it: it stopped this address before."),
    Word.COMPLAINED.value: N_("The customer reported a message as spam."),
}
_CLOSINGS = {
    Word.BOUNCED.value: Closing(OptOutSource.BOUNCE, Purpose.ALL),
    Word.COMPLAINED.value: Closing(OptOutSource.COMPLAINT, Purpose.MARKETING),
}


def reports(codes: Mapping[int, Meaning]) -> Reports:
    return Reports(_STATUSES, codes, lambda code: _SENTENCES[Word.UNDELIVERED.value], _SENTENCES, _CLOSINGS)
