from urllib.parse import parse_qs, urlsplit

import pytest

from crm.messages.channels.links import sms_link, whatsapp_link

NUMBER = "+6281234567890"
BODIES = ["Your cake is ready", "50% off & more? #1+1=2", "one\ntwo", "Ñandú 👩\u200d🍳", "<b>\"'", ""]


def test_whatsapp_opens_with_the_text():
    assert whatsapp_link(NUMBER, "Hi & bye") == "https://wa.me/6281234567890?text=Hi%20%26%20bye"


def test_sms_opens_with_the_text():
    assert sms_link(NUMBER, "one\ntwo") == "sms:+6281234567890?body=one%0Atwo"


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("link", "key"), [(whatsapp_link, "text"), (sms_link, "body")])
def test_the_text_arrives_as_it_is(link, key, body):
    url = link(NUMBER, body)
    assert url.isascii()
    assert parse_qs(urlsplit(url).query, keep_blank_values=True) == {key: [body]}


def test_half_a_character_does_not_break_it():
    assert whatsapp_link(NUMBER, "a\ud800").endswith("?text=a%3F")
