"""The senders of all organizations, to find the organization of a webhook request.

Plain values are read in one statement each time. Secrets are remembered per process until the organization's stamp
changes, so a request with a bad signature costs one statement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.kernel import vault
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.providers.base import Account


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """The senders of one organization; `secrets` are its own, empty with the installation's account."""

    id: int
    gateways: Mapping[str, str]
    senders: Mapping[str, str]
    secrets: Mapping[str, str]

    def known(self, account: Account) -> Mapping[str, str]:
        return secrets_with(self.secrets, account)[0]

    def sender(self, channel: Channel, account: Account) -> str:
        if self.senders[channel] or secrets_with(self.secrets, account)[1]:
            return self.senders[channel]
        return str(current_app.config[account.addresses[channel]])


class Directory:
    def __init__(self, entries: Sequence[DirectoryEntry]) -> None:
        self._entries = {entry.id: entry for entry in entries}

    def secret(self, organization_id: int, account: Account, name: str) -> str:
        """Return the secret in use; an unlisted organization has none of its own."""
        entry = self._entries.get(organization_id)
        return (entry.known(account) if entry else secrets_with({}, account)[0])[name]

    def secrets(
        self, account: Account, name: str, of: Callable[[DirectoryEntry], bool] = lambda entry: True
    ) -> list[str]:
        """Return the distinct values of a secret, the installation's first."""
        entries = filter(of, self._entries.values())
        values = [secrets_with({}, account)[0][name], *(entry.known(account)[name] for entry in entries)]
        return [value for value in dict.fromkeys(values) if value]

    def accounts(self, account: Account) -> dict[int | None, Mapping[str, str]]:
        """Return the secrets of the installation, as None, and of each organization that has some of its own."""
        own = {entry.id: secrets_with(entry.secrets, account) for entry in self._entries.values()}
        return {None: secrets_with({}, account)[0], **{id_: known for id_, (known, is_own) in own.items() if is_own}}

    def sending_by(self, gateway: str, channel: Channel) -> list[DirectoryEntry]:
        """Return the organizations that send by a gateway on a channel, the oldest first."""
        return [entry for entry in self._entries.values() if entry.gateways[channel] == gateway]


def read_directory(gateways: Collection[str]) -> Directory:
    channels = all_channels()
    chosen = [getattr(Organization, channel.gateway_setting) for channel in channels if channel.gateway_setting]
    senders = [getattr(Organization, channel.sender_setting) for channel in channels if channel.sender_setting]
    is_user = sa.or_(*(column.in_(gateways) for column in chosen), Organization.secrets_stamp != "")
    rows = db.session.execute(
        sa.select(Organization.id, Organization.secrets_stamp, *chosen, *senders)
        .where(is_user)
        .order_by(Organization.id)
    ).all()
    secrets = _secrets({row.id: row.secrets_stamp for row in rows})
    return Directory(
        [
            DirectoryEntry(
                row.id,
                {channel: channel.gateway_name(row) for channel in channels},
                {channel: channel.sender(row) for channel in channels},
                secrets[row.id],
            )
            for row in rows
        ]
    )


def secrets_with(own: Mapping[str, str], account: Account) -> tuple[dict[str, str], bool]:
    """Return the secrets in use, and whether they are the organization's own."""
    if not own.keys().isdisjoint(account.names):
        return {name: own.get(name, "") for name in account.names}, True
    return {name: str(current_app.config.get(name.upper(), "")) for name in account.names}, False


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
