"""The interface between webhooks and the product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from crm.inbox.inbound import Incoming
from crm.providers.base import Reported
from crm.providers.directory import Directory

TRIED_WITH_ALL = 16 * 1024
"""Bytes; smaller requests are checked with the secrets of all organizations."""


class ForgedError(Exception):
    """The signature does not fit; nothing was stored."""


class UnknownError(Exception):
    """The request is about an unknown attempt or address."""


class Desk(Protocol):
    """Implemented by `crm.webhooks.desk`."""

    def directory(self) -> Directory: ...

    def spending(self, provider: str, token: str) -> AbstractContextManager[None]:
        """Let a token count once; ForgedError for one that was used."""
        ...

    def owners_of_attempts(self, ids: Iterable[int]) -> Mapping[int, int]: ...

    def owners_of_tests(self, ids: Iterable[int]) -> Mapping[int, int]: ...

    def readers(self, text: Incoming, owners: Sequence[int]) -> Sequence[int]:
        """Return which of the organizations that send from an address get a text."""
        ...

    def take_reports(self, organization_id: int, reports: Sequence[Reported]) -> None: ...

    def take_test_reports(self, organization_id: int, reports: Sequence[Reported]) -> None: ...

    def take_texts(self, texts: Mapping[int, Sequence[Incoming]]) -> None: ...
