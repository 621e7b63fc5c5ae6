"""Links that open a message, ready to send by a tap."""

from __future__ import annotations

from urllib.parse import quote

from crm.values import phone


def whatsapp_link(number: str, body: str) -> str:
    """WhatsApp, click to chat."""
    return f"{phone.wa_me(number)}?text={_encoded(body)}"


def sms_link(number: str, body: str) -> str:
    """RFC 5724."""
    return f"sms:+{phone.digits(number)}?body={_encoded(body)}"


def email_link(address: str, subject: str, body: str) -> str:
    """RFC 6068; lines end as in mail."""
    text = _encoded(body.replace("\n", "\r\n"))
    return f"mailto:{quote(address, safe='@')}?subject={_encoded(subject)}&body={text}"


def _encoded(body: str) -> str:
    return quote(body, safe="", errors="replace")
