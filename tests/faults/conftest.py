"""What the tests of faults share: a shop, and a provider in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.faults.fake import Fake, fake_provider
from tests.messages.shop import Shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    """A shop in Jakarta that sends SMS by console; its owner is `boss`."""
    return Shop.open(app, "shop")


@pytest.fixture
def fake(tmp_path: Path, environ: dict[str, str]) -> Iterator[Fake]:
    """A provider that runs; `environ` of the product sends all messages there."""
    with fake_provider(tmp_path, f"{environ['PUBLIC_URL']}/webhooks/whatsapp") as running:
        environ.update(running.environ)
        yield running
