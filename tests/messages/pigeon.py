"""A third channel, as a feature would add it: an address of its own, a gateway, an account's form and a webhook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import Response, request

from crm.customers.models import Customer
from crm.inbox.inbound import Incoming
from crm.kernel.extensions import db
from crm.messages.channels.base import Addresses, Channel, Owner, ReadAddress
from crm.providers.base import (
    Account,
    Answer,
    Call,
    Found,
    Outcome,
    Provider,
    Question,
    Route,
    SecretField,
    Sender,
    word,
)
from crm.providers.webhook import Desk, ForgedError, UnknownError

RING = "pigeon_ring"

_LOFT = re.compile(r"loft (\d+)")


class Lofts(Addresses):
    """Lofts, which staff write into a customer's notes: "loft 7"."""

    kind = "loft"
    noun = "loft"

    def read(self, typed: str, region: str) -> ReadAddress:
        return ReadAddress(typed, "") if self.is_valid(typed) else ReadAddress("", "Enter a loft like loft 7.")

    def is_valid(self, address: str) -> bool:
        return bool(_LOFT.fullmatch(address))

    def of(self, customer: Customer) -> str:
        found = _LOFT.search(customer.notes)
        return found[0] if found else ""

    def problem(self, customer: Customer) -> str | None:
        return None if self.of(customer) else f"{customer.name} has no loft. Write it into the notes."

    def only_of(self, customer: Customer) -> set[str]:
        return {loft for loft in [self.of(customer)] if loft and self.owners(loft) == [customer.id]}

    def owners(self, address: str) -> list[int]:
        return [customer.id for customer in _customers() if self.of(customer) == address]

    def owners_by_address(self, addresses: Iterable[str]) -> Mapping[str, list[Owner]]:
        everybody = _customers()
        return {
            address: [Owner(one.id, one.name, one.is_archived) for one in everybody if self.of(one) == address]
            for address in addresses
        }


def _customers() -> list[Customer]:
    return list(db.session.scalars(sa.select(Customer).where(Customer.merged_into_id.is_(None)).order_by(Customer.id)))


class Pigeon(Channel):
    """Paper, on a leg."""

    label = "Pigeon"
    addresses = Lofts()
    max_length = 60

    __slots__ = ()

    def gateway_name(self, organization: Any) -> str:
        return "pigeon_post"


PIGEON = Pigeon("pigeon")


class PigeonPost:
    """The gateway; what it was given is in `flown`."""

    name = "pigeon_post"
    by_hand = False
    reports = False
    keeps_window = False
    max_calls = 1

    def __init__(self) -> None:
        self.flown: list[tuple[str, str, str]] = []

    def carries(self, channel: Channel) -> bool:
        return channel is PIGEON

    def lacks(self, sender: Sender, channel: Channel) -> str:
        return "" if sender.token else "Pigeons need a ring."

    def send(self, call: Call) -> Outcome:
        self.flown.append((call.to, call.body, call.sender.token))
        return Outcome(Answer.ACCEPTED, provider_id=f"feather-{call.attempt_id}")

    def look_up(self, question: Question) -> Found | None:
        return None


ACCOUNT = Account(
    "Pigeon post",
    (SecretField(RING, "Ring", word(r"[A-Z]{4}", "A ring has four letters.")),),
    lambda known, address, config: Sender(address, token=known[RING]),
    webhook_help="Pigeons come home to:",
    webhook_path="/webhooks/pigeon/home",
)


def come_home(desk: Desk) -> Response:
    """Take a paper, which is signed by its ring."""
    directory, ring = desk.directory(), request.headers.get("X-Ring", "")
    if ring not in directory.secrets(ACCOUNT, RING):
        raise ForgedError
    owners = [e.id for e in directory.sending_by("pigeon_post", PIGEON) if e.known(ACCOUNT)[RING] == ring]
    if not owners:
        raise UnknownError
    paper = request.get_json()
    text = Incoming("pigeon_post", paper["id"], PIGEON, paper["from"], "home", paper["text"])
    desk.take_texts({id_: [text] for id_ in desk.readers(text, owners)})
    return Response(status=204)


def post() -> Provider:
    """Return the provider, with a gateway that has sent nothing."""
    route = Route("pigeon_home", "pigeon/home", come_home, "Nobody here keeps pigeons.")
    return Provider("pigeon_post", "Pigeon post", "Pigeon post", PigeonPost(), ACCOUNT, routes=(route,))
