"""The installation's keys of web push."""

from __future__ import annotations

from flask import current_app

from crm.web_push.vapid import Keys, read_keys


def push_keys() -> Keys | None:
    """Return the keys; None where there are none, and so no web push."""
    config = current_app.config
    return read_keys(config["VAPID_PRIVATE_KEY"], config["VAPID_SUBJECT"]) if config["VAPID_PRIVATE_KEY"] else None


def test_origin() -> str:
    origin: str = current_app.config["PUSH_TEST_ORIGIN"]
    return origin
