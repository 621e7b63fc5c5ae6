"""A provider on this machine, for the tests of the gateways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.providers.fake import Provider, provider


@pytest.fixture
def fake() -> Iterator[Provider]:
    """A provider that takes everything that keeps its rules."""
    with provider() as running:
        yield running
