"""What is read of each kind of message that Meta and Twilio document: the customer's words, and in ours what came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from crm.inbox.inbound import Incoming
from crm.messages.channels.whatsapp import WHATSAPP
from crm.opt_outs.keywords import Effect
from crm.providers.twilio import payload as twilio
from crm.providers.whatsapp_cloud import payload as whatsapp

NUMBER, SENDER = "15550783881", "16505551234"
MEDIA = {"mime_type": "image/jpeg", "sha256": "x", "id": "1003383421387256"}

# Of Meta's documents (webhooks, messages, one page for each kind): the kind's own part, the words, and what came.
KINDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "text": (
        {"type": "text", "text": {"body": "Does it come in another color?"}},
        "Does it come in another color?",
        "",
    ),
    "image": ({"type": "image", "image": {**MEDIA, "caption": "Taj"}}, "Taj", "a picture"),
    "image alone": ({"type": "image", "image": MEDIA}, "", "a picture"),
    "video": ({"type": "video", "video": {**MEDIA, "mime_type": "video/mp4"}}, "", "a video"),
    "voice": ({"type": "audio", "audio": {**MEDIA, "voice": True}}, "", "a voice message"),
    "audio": ({"type": "audio", "audio": {**MEDIA, "voice": False}}, "", "a sound"),
    "sticker": ({"type": "sticker", "sticker": {**MEDIA, "animated": False}}, "", "a sticker"),
    "document": (
        {"type": "document", "document": {**MEDIA, "filename": "bill.pdf", "caption": "Paid"}},
        "Paid",
        "a document: bill.pdf",
    ),
    "location": (
        {
            "type": "location",
            "location": {"address": "Jl. Sudirman 1", "latitude": -6.2, "longitude": 106.816, "name": "Toko Sari"},
        },
        "",
        "a location: Toko Sari, Jl. Sudirman 1, -6.20000, 106.81600",
    ),
    "contact": (
        {
            "type": "contacts",
            "contacts": [{"name": {"formatted_name": "Budi"}, "phones": [{"phone": "+62 812", "wa_id": "62812"}]}],
        },
        "",
        "a contact card: Budi +62 812",
    ),
    "contacts": (
        {"type": "contacts", "contacts": [{"name": {"formatted_name": name}} for name in ("Budi", "Siti")]},
        "",
        "2 contact cards: Budi; Siti",
    ),
    "reaction": ({"type": "reaction", "reaction": {"message_id": "wamid.x", "emoji": "👍"}}, "", "reacted with 👍"),
    "reaction taken back": ({"type": "reaction", "reaction": {"message_id": "wamid.x"}}, "", "took a reaction back"),
    "button": ({"type": "button", "button": {"payload": "Unsubscribe", "text": "Stop"}}, "Stop", ""),
    "button reply": (
        {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": "1", "title": "Yes"}}},
        "Yes",
        "",
    ),
    "list reply": (
        {
            "type": "interactive",
            "interactive": {
                "type": "list_reply",
                "list_reply": {"id": "1", "title": "Express", "description": "Next day"},
            },
        },
        "Express",
        "from a list: Next day",
    ),
    "form": (
        {
            "type": "interactive",
            "interactive": {
                "type": "nfm_reply",
                "nfm_reply": {
                    "name": "flow",
                    "body": "Sent",
                    "response_json": '{"flow_token": "t", "day": "Friday", "tables": [1, "window"]}',
                },
            },
        },
        "",
        "a form that was filled in: day: Friday, tables: 1 and window",
    ),
    "form that can't be read": (
        {"type": "interactive", "interactive": {"type": "nfm_reply", "nfm_reply": {"response_json": "{"}}},
        "",
        "a form that was filled in",
    ),
    "calls": (
        {
            "type": "interactive",
            "interactive": {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}},
        },
        "",
        "allowed calls",
    ),
    "order": (
        {
            "type": "order",
            "order": {
                "catalog_id": "1",
                "text": "Please wrap it",
                "product_items": [
                    {"product_retailer_id": "cake", "quantity": 2, "item_price": 30, "currency": "USD"},
                    {"product_retailer_id": "tea", "quantity": 1, "item_price": 5, "currency": "USD"},
                ],
            },
        },
        "Please wrap it",
        "an order: 2 of cake, 1 of tea",
    ),
    "new number": (
        {"type": "system", "system": {"body": "User A changed", "wa_id": "12195555358", "type": "user_changed_number"}},
        "",
        "changed the number to +12195555358",
    ),
    "system": (
        {"type": "system", "system": {"body": "STOP", "type": "customer_identity_changed"}},
        "",
        "a note of WhatsApp: STOP",
    ),
    "welcome": ({"type": "request_welcome"}, "", "opened the chat"),
    "unsupported": (
        {"type": "unsupported", "unsupported": {"type": "poll_creation"}, "errors": [{"code": 131051}]},
        "",
        "a message that WhatsApp does not pass on: poll creation",
    ),
    "ephemeral": ({"type": "ephemeral"}, "", "a disappearing message, which WhatsApp does not pass on"),
    "edit": (
        {
            "type": "edit",
            "edit": {"original_message_id": "wamid.x", "message": {"type": "text", "text": {"body": "At 10, please"}}},
        },
        "At 10, please",
        "changed an earlier text",
    ),
    "edit of a caption": (
        {"type": "edit", "edit": {"message": {"type": "image", "image": {**MEDIA, "caption": "Both"}}}},
        "Both",
        "changed an earlier text, a picture",
    ),
    "revoke": ({"type": "revoke", "revoke": {"original_message_id": "wamid.x"}}, "", "took a text back"),
    "ad": (
        {"type": "text", "text": {"body": "How much?"}, "referral": {"source_type": "ad", "headline": "Cakes"}},
        "How much?",
        "came from the ad “Cakes”",
    ),
    "not known yet": (
        {"type": "poll_update", "poll_update": {"body": "Tea"}},
        "Tea",
        "a message of another kind (poll update)",
    ),
    "no type": ({}, "", "a message of another kind"),
    "odd": ({"type": "interactive", "interactive": [1]}, "", "an answer of another kind"),
}
QUIET = {
    "reaction",
    "reaction taken back",
    "new number",
    "system",
    "welcome",
    "edit",
    "edit of a caption",
    "revoke",
    "calls",
}
"""What opens no window: WhatsApp counts it as no new message of the customer."""


def of_meta(message: dict[str, Any], field: str = "messages", name: str = "messages", **value: Any) -> list[Incoming]:
    metadata = {"display_phone_number": NUMBER, "phone_number_id": "106540352242922"}
    changes = [{"field": field, "value": {"metadata": metadata, name: [message], **value}}]
    return [text for _, text in whatsapp.read(json.dumps({"entry": [{"id": "1", "changes": changes}]}).encode()).texts]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_meta_is_told_in_words(kind: str) -> None:
    part, body, what = KINDS[kind]
    (text,) = of_meta({"from": SENDER, "id": "wamid.1", "timestamp": "1749416383", **part})
    assert (text.body, text.what) == (body, what)
    assert text.opens_window == (kind not in QUIET)
    assert (text.sender, text.recipient, text.effect) == (f"+{SENDER}", NUMBER, Effect.NONE)


@pytest.mark.parametrize(
    ("message", "contacts", "sender", "sender_id"),
    [
        ({"from": SENDER}, [], f"+{SENDER}", ""),
        ({"from": SENDER, "from_user_id": "US.1"}, [], f"+{SENDER}", "US.1"),
        ({"from": SENDER}, [{"wa_id": SENDER, "user_id": "US.1"}], f"+{SENDER}", "US.1"),
        ({"from_user_id": "US.1"}, [], "", "US.1"),
        ({"from": "US.1"}, [], "", "US.1"),
        ({}, [{"profile": {"name": "S", "username": "sari"}, "user_id": "US.1"}], "", "US.1"),
        ({}, [{"profile": {"name": "S", "username": "sari"}}], "", "@sari"),
        (
            {"from_user_id": "US.2"},
            [{"user_id": "US.1", "wa_id": "1"}, {"user_id": "US.2", "wa_id": SENDER}],
            f"+{SENDER}",
            "US.2",
        ),
    ],
)
def test_a_user_without_a_number_is_known_by_an_id(
    message: dict[str, Any], contacts: list[dict[str, Any]], sender: str, sender_id: str
) -> None:
    (text,) = of_meta({"id": "wamid.1", "type": "text", "text": {"body": "STOP"}, **message}, contacts=contacts)
    assert (text.sender, text.sender_id, text.body) == (sender, sender_id, "STOP")


@pytest.mark.parametrize("contact", [{"wa_id": []}, {"wa_id": {"x": 1}, "user_id": 5}, {"profile": "x"}, 7])
def test_odd_contacts_lose_no_text(contact: Any) -> None:
    (text,) = of_meta({"from": SENDER, "id": "wamid.1", "type": "text", "text": {"body": "Hi"}}, contacts=[contact])
    assert (text.sender, text.sender_id) == (f"+{SENDER}", "")


def test_nobodys_text_is_left_out() -> None:
    assert of_meta({"id": "wamid.1", "type": "text", "text": {"body": "Hello"}}) == []
    assert of_meta({"from": SENDER, "type": "text", "text": {"body": "Hello"}}) == []


@pytest.mark.parametrize(
    ("value", "effect", "what"),
    [
        ("stop", Effect.NO_OFFERS, "stopped marketing in WhatsApp's settings"),
        ("resume", Effect.OFFERS, "wants marketing again, by WhatsApp's settings"),
    ],
)
def test_a_wish_about_offers_is_heard_in_both_of_its_forms(value: str, effect: Effect, what: str) -> None:
    wish = {"wa_id": SENDER, "detail": "…", "category": "marketing_messages", "value": value, "timestamp": 1731705721}
    note = {"type": "system", "system": {"type": "user_preference_changed", "marketing": value, "body": "…"}}
    by_field = of_meta(wish, "user_preferences", "user_preferences", contacts=[{"wa_id": SENDER}])
    by_message = of_meta({"from": SENDER, "id": "wamid.1", **note})
    for text in (*by_field, *by_message):
        assert (text.sender, text.body, text.what, text.effect) == (f"+{SENDER}", "", what, effect)
        assert not text.opens_window
    assert (
        by_field[0].provider_id
        != of_meta({**wish, "timestamp": 1731705722}, "user_preferences", "user_preferences")[0].provider_id
    )
    assert of_meta({**wish, "value": "maybe"}, "user_preferences", "user_preferences") == []


FORM = {"MessageSid": "SM1", "From": "+6281234567890", "To": "+6221500100", "Body": "", "NumMedia": "0"}


@pytest.mark.parametrize(
    ("fields", "body", "what"),
    [
        ({"Body": "Hello"}, "Hello", ""),
        ({}, "", "a message without a text"),
        ({"Body": "Look", "NumMedia": "1", "MediaContentType0": "image/jpeg"}, "Look", "a picture"),
        (
            {"NumMedia": "3", "MediaContentType0": "image/png", "MediaContentType1": "image/png"},
            "",
            "2 pictures, a file",
        ),
        ({"NumMedia": "1", "MediaContentType0": "text/vcard"}, "", "a contact card"),
        ({"NumMedia": "1", "MediaContentType0": "application/pdf"}, "", "a document"),
        ({"NumMedia": "1", "MediaContentType0": "audio/ogg"}, "", "a voice message"),
        ({"NumMedia": "9" * 50}, "", "10 files"),
        (
            {"Latitude": "-6.2", "Longitude": "106.8", "Address": "Jl. Sudirman 1", "Label": "Toko"},
            "",
            "a location: Toko, Jl. Sudirman 1, -6.2, 106.8",
        ),
        ({"Body": "Stop", "ButtonText": "Stop", "ButtonPayload": "x"}, "Stop", ""),
        ({"ButtonText": "Stop"}, "Stop", ""),
        ({"ListId": "1", "ListTitle": "Express"}, "Express", ""),
        ({"Body": "Hi", "ReferralHeadline": "Cakes", "ReferralSourceType": "ad"}, "Hi", "came from the ad “Cakes”"),
        ({"MessageType": "reaction", "Body": "👍"}, "", "reacted with 👍"),
        ({"InteractiveData": "{}"}, "", "a form that was filled in"),
    ],
)
def test_each_kind_of_twilio_is_told_in_words(fields: dict[str, str], body: str, what: str) -> None:
    text = twilio.incoming(MultiDict({**FORM, **fields}))
    assert (text.body, text.what, text.sender, text.effect) == (body, what, "+6281234567890", Effect.NONE)
    assert text.opens_window == (fields.get("MessageType") != "reaction")


@pytest.mark.parametrize(
    ("said", "effect"),
    [("STOP", Effect.STOP), ("START", Effect.START), ("HELP", Effect.NONE), ("", Effect.NONE), ("x" * 99, Effect.NONE)],
)
def test_what_twilio_says_about_opting_out_counts(said: str, effect: Effect) -> None:
    assert twilio.incoming(MultiDict({**FORM, "Body": "BERHENTI", "OptOutType": said})).effect is effect


def test_a_user_of_whatsapp_without_a_number_comes_by_twilio_too() -> None:
    text = twilio.incoming(MultiDict({**FORM, "From": "whatsapp:US.1", "To": "whatsapp:+6221500100", "Body": "Hi"}))
    assert (text.channel, text.sender, text.sender_id) == (WHATSAPP, "", "US.1")
