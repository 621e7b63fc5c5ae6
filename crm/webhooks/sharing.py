"""Whom a text is for, where several organizations send from one number."""

from __future__ import annotations

from collections.abc import Sequence

from crm.delivery import recipients
from crm.inbox.inbound import Incoming
from crm.messages.inbound_models import Effect
from crm.opt_outs.keywords import effect_of


def readers(text: Incoming, owners: Sequence[int]) -> list[int]:
    """Return those of the owners of a number that get a text: the one that wrote to its sender last.

    When none of them did, it is the first of the owners: the organization whose own the number is, or else the oldest.
    What opts the sender out or in holds for the number, so it reaches all that send from it.
    """
    effect = text.effect or effect_of(text.body, ())
    if len(owners) < 2 or effect not in (Effect.NONE, Effect.ASK):
        return list(owners)
    last = recipients.last_writer(text.channel.addresses.spellings(text.sender), owners)
    return [last if last is not None else owners[0]]
