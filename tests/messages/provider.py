"""Twilio and Meta as they call us: signed as they sign."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

TOKEN = "twilio-auth-token"
SECRET = "meta-app-secret"
VERIFY = "meta-verify-token"
PUBLIC = "https://crm.example.org"
NUMBER = "+6221500100"
PHONE_NUMBER_ID = "106540352242922"


class Provider:
    """A provider that knows the installation's secrets."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        app.config.update(
            PUBLIC_URL=PUBLIC,
            TWILIO_AUTH_TOKEN=TOKEN,
            TWILIO_FROM=NUMBER,
            TWILIO_WHATSAPP_FROM=NUMBER,
            WHATSAPP_APP_SECRET=SECRET,
            WHATSAPP_VERIFY_TOKEN=VERIFY,
            WHATSAPP_PHONE_NUMBER_ID=PHONE_NUMBER_ID,
        )

    def twilio(self, path: str, form: dict[str, str], token: str = TOKEN, url: str = PUBLIC) -> TestResponse:
        """Call as Twilio does (twilio.com/docs/usage/security, written here a second time)."""
        signed = url + path + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
        return self.app.test_client().post(path, data=form, headers={"X-Twilio-Signature": signature})

    def twilio_status(self, attempt_id: int, word: str, code: str | None = None, **options: Any) -> TestResponse:
        form = {"MessageSid": f"SM{attempt_id}", "MessageStatus": word, "AccountSid": "AC1", "To": "+62812"}
        form |= {"ErrorCode": code} if code else {}
        return self.twilio(f"/webhooks/twilio/status/{attempt_id}", form, **options)

    def twilio_text(self, body: str, sender: str, sid: str = "SM-in", **options: Any) -> TestResponse:
        to = f"whatsapp:{NUMBER}" if sender.startswith("whatsapp:") else NUMBER
        form = {"MessageSid": sid, "From": sender, "To": to, "Body": body, "NumMedia": "0"}
        return self.twilio("/webhooks/twilio/inbound", form, **options)

    def meta(self, *values: dict[str, Any], secret: str = SECRET, field: str = "messages") -> TestResponse:
        """Call as Meta does, with one change for each of `values`."""
        changes = [{"field": field, "value": {"messaging_product": "whatsapp", **value}} for value in values]
        entry = [{"id": "1", "changes": changes}]
        return self.meta_raw(json.dumps({"object": "whatsapp_business_account", "entry": entry}).encode(), secret)

    def meta_raw(self, raw: bytes, secret: str = SECRET) -> TestResponse:
        signature = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        return self.app.test_client().post(
            "/webhooks/whatsapp", data=raw, headers={"X-Hub-Signature-256": signature}, content_type="application/json"
        )

    def meta_status(self, attempt_id: int | str, word: str, code: int | None = None, **options: Any) -> TestResponse:
        return self.meta({"metadata": metadata(), "statuses": [status(attempt_id, word, code)]}, **options)

    def meta_text(
        self, body: str, sender: str, id_: str = "wamid.in", at: int = 1_700_000_000, **options: Any
    ) -> TestResponse:
        text = {"from": sender.lstrip("+"), "id": id_, "timestamp": str(at), "type": "text", "text": {"body": body}}
        return self.meta({"metadata": metadata(), "messages": [text]}, **options)


def metadata() -> dict[str, str]:
    return {"display_phone_number": NUMBER.lstrip("+"), "phone_number_id": PHONE_NUMBER_ID}


def status(attempt_id: int | str, word: str, code: int | None = None, at: int | None = None) -> dict[str, Any]:
    """Return one of the statuses of a request."""
    found: dict[str, Any] = {"id": f"wamid.{attempt_id}", "status": word, "recipient_id": "62812"}
    found["biz_opaque_callback_data"] = str(attempt_id)
    if at is not None:
        found["timestamp"] = str(at)
    if code is not None:
        found["errors"] = [{"code": code, "title": "Trouble"}]
    return found
