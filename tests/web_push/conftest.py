from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.web_push import push_service
from tests.web_push.push_service import PushService

PRIVATE_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SUBJECT = "mailto:owner@shop.example"


@pytest.fixture
def service() -> Iterator[PushService]:
    with push_service.running() as running:
        yield running


@pytest.fixture
def push(app: Flask, service: PushService) -> PushService:
    """A push service that the application may call, with keys of its own."""
    app.config.update(VAPID_PRIVATE_KEY=PRIVATE_KEY, VAPID_SUBJECT=SUBJECT, PUSH_TEST_ORIGIN=service.url)
    return service
