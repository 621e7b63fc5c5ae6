"""Every organization's senders, for requests of providers, whose organization is yet to be found.

What is kept in the open is read in one statement each time. Secrets are read within their organization and then
remembered by this process until the organization's stamp says that they changed: a request without a signature that
fits costs one statement, however many organizations and ids there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.kernel import vault
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.messages.rules import Channel
from crm.providers.accounts import NUMBERS, SECRETS, secrets_with
from crm.values.phone import variants

GATEWAYS = tuple(SECRETS)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one organization sends with; `secrets` are its own ones, empty where it uses the installation's."""

    id: int
    gateways: Mapping[Channel, str]
    numbers: Mapping[Channel, str]
    secrets: Mapping[str, str]

    def known(self, gateway: str) -> Mapping[str, str]:
        """Return what it uses with a gateway, its own or the installation's."""
        return secrets_with(self.secrets, gateway)[0]

    def number(self, channel: Channel) -> str:
        """Return the number that Twilio sends its messages of a channel from, or nothing."""
        if self.numbers[channel] or secrets_with(self.secrets, "twilio")[1]:
            return self.numbers[channel]
        return str(current_app.config[NUMBERS[channel]])


class Directory:
    """The organizations that providers may be calling about, with their secrets."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = {entry.id: entry for entry in entries}

    def secret(self, organization_id: int, gateway: str, name: str) -> str:
        """Return a secret that an organization uses with a gateway: one that is not listed has none of its own."""
        entry = self._entries.get(organization_id)
        return (entry.known(gateway) if entry else secrets_with({}, gateway)[0])[name]

    def secrets(self, gateway: str, name: str, of: Callable[[Entry], bool] = lambda entry: True) -> list[str]:
        """Return the distinct values of a secret, that of the installation first; of some organizations, if so."""
        entries = filter(of, self._entries.values())
        values = [secrets_with({}, gateway)[0][name], *(entry.known(gateway)[name] for entry in entries)]
        return [value for value in dict.fromkeys(values) if value]

    def with_phone_number_id(self, id_: str) -> list[int]:
        """Return the organizations that send from a number of Meta's, by its id, the oldest first."""
        users = self._sending_by("whatsapp_cloud", Channel.WHATSAPP)
        name = "whatsapp_phone_number_id"
        return [entry.id for entry in users if id_ and entry.known("whatsapp_cloud")[name] == id_]

    def sending_from(self, channel: Channel, number: str, service: str) -> list[int]:
        """Return the organizations that send from a number of Twilio's: those with it for their own, then the oldest.

        Those that send by a Messaging Service have all of its numbers, whichever they name. The installation's number
        is nobody's own, though somebody may name it.
        """
        users, same = self._sending_by("twilio", channel), set(variants(number))
        named = [entry for entry in users if number and entry.number(channel) in same]
        others = [entry for entry in users if service and _sends_by(entry, channel, service)]
        is_shared = current_app.config[NUMBERS[channel]] in same
        own = [entry.id for entry in named if entry.numbers[channel] and not is_shared]
        return list(dict.fromkeys([*own, *sorted(entry.id for entry in (*named, *others))]))

    def _sending_by(self, gateway: str, channel: Channel) -> list[Entry]:
        return [entry for entry in self._entries.values() if entry.gateways[channel] == gateway]


def read_directory() -> Directory:
    """Return the organizations that send by a provider or have secrets of their own."""
    uses_provider = sa.or_(Organization.sms_gateway.in_(GATEWAYS), Organization.whatsapp_gateway.in_(GATEWAYS))
    rows = db.session.execute(
        sa.select(
            Organization.id,
            Organization.sms_gateway,
            Organization.whatsapp_gateway,
            Organization.sms_from,
            Organization.whatsapp_from,
            Organization.secrets_stamp,
        )
        .where(sa.or_(uses_provider, Organization.secrets_stamp != ""))
        .order_by(Organization.id)
    ).all()
    secrets = _secrets({row.id: row.secrets_stamp for row in rows})
    return Directory([_entry(row, secrets[row.id]) for row in rows])


def _entry(row: Any, secrets: Mapping[str, str]) -> Entry:
    gateways = {Channel.SMS: row.sms_gateway, Channel.WHATSAPP: row.whatsapp_gateway}
    numbers = {Channel.SMS: row.sms_from, Channel.WHATSAPP: row.whatsapp_from}
    return Entry(row.id, gateways, numbers, secrets)


def _secrets(stamps: Mapping[int, str]) -> dict[int, Mapping[str, str]]:
    remembered: dict[int, tuple[str, Mapping[str, str]]] = current_app.extensions.setdefault("sender_secrets", {})
    found: dict[int, Mapping[str, str]] = {}
    for id_, stamp in stamps.items():
        known = remembered.get(id_)
        if not stamp:
            found[id_] = {}
        elif known is not None and known[0] == stamp:
            found[id_] = known[1]
        else:
            with use_organization(id_):
                found[id_] = vault.reveal_all()
            remembered[id_] = (stamp, found[id_])
    return found


def _sends_by(entry: Entry, channel: Channel, service: str) -> bool:
    """Say whether Twilio chooses the number of its messages by this service (`gateways.twilio`)."""
    uses = channel is Channel.SMS or not entry.number(channel)
    return uses and entry.known("twilio")["twilio_messaging_service_sid"] == service
