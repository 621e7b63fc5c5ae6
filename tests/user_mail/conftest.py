"""The installation with a mail server."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.messages.sink import Sink
from tests.user_mail.mailbox import Mailbox


@pytest.fixture
def mailbox(app: Flask, sink: Sink) -> Mailbox:
    app.config.update(
        SMTP_HOST="127.0.0.1", SMTP_PORT=str(sink.port), SMTP_SECURITY="none", EMAIL_FROM="CRM <crm@shop.test>"
    )
    return Mailbox(app, sink)
