"""What a provider's webhook is given: whose secrets are whose, and where to put what the provider says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from crm.inbox.inbound import Incoming
from crm.providers.base import Reported
from crm.providers.directory import Directory

TRIED_WITH_ALL = 16 * 1024
"""Up to this size in bytes a request is checked with the secrets of all organizations; none of them takes long."""


class ForgedError(Exception):
    """The signature does not fit; nothing was stored."""


class UnknownError(Exception):
    """The request is about an attempt that is not there, or to an address that nobody sends from."""


class Desk(Protocol):
    """The way in for what providers say; `crm.webhooks.desk` is it."""

    def directory(self) -> Directory:
        """Return what every organization sends with."""
        ...

    def owners_of_attempts(self, ids: Iterable[int]) -> Mapping[int, int]:
        """Return the organizations of attempts, by attempt; of those that exist."""
        ...

    def owners_of_tests(self, ids: Iterable[int]) -> Mapping[int, int]:
        """Return the organizations of test messages, by test; of those that exist."""
        ...

    def readers(self, text: Incoming, owners: Sequence[int]) -> Sequence[int]:
        """Return for which of the organizations that send from an address a text is."""
        ...

    def take_reports(self, organization_id: int, reports: Sequence[Reported]) -> None:
        """Take what was said about attempts of an organization."""
        ...

    def take_test_reports(self, organization_id: int, reports: Sequence[Reported]) -> None:
        """Take what was said about test messages of an organization."""
        ...

    def take_texts(self, texts: Mapping[int, Sequence[Incoming]]) -> None:
        """Take texts that came in, by organization."""
        ...
