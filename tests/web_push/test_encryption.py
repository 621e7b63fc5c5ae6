"""Messages that browsers can decrypt, by the RFC's own example and by a second opinion."""

from __future__ import annotations

import secrets

import http_ece
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from crm.web_push.encryption import MAX_TEXT, OVERHEAD, encrypt, point_of
from tests.web_push.push_service import Browser, b64, unb64

# RFC 8291, Appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SENDER_POINT = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER_POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_example_of_the_rfc_comes_out_byte_for_byte() -> None:
    own = derive_private_key(int.from_bytes(unb64(SENDER), "big"), SECP256R1())
    assert b64(point_of(own.public_key())) == SENDER_POINT

    message = encrypt(TEXT, unb64(RECEIVER_POINT), unb64(AUTH), own=own, salt=unb64(SALT))

    assert b64(message) == MESSAGE
    assert len(message) == 144 == len(TEXT) + OVERHEAD
    receiver = Browser.of(RECEIVER, AUTH)
    assert b64(receiver.p256dh) == RECEIVER_POINT
    assert receiver.decrypt(message) == TEXT


@pytest.mark.parametrize("text", [b"", b"a", "Selamat pagi, شكرا 🎂".encode(), b"\x00" * 40, b"x" * MAX_TEXT])
def test_a_browser_and_another_library_read_what_we_send(text: bytes) -> None:
    browser = Browser()

    message = encrypt(text, browser.p256dh, browser.auth)

    assert browser.decrypt(message) == text
    assert http_ece.decrypt(message, private_key=browser.private, auth_secret=browser.auth) == text
    assert len(message) <= 4096


def test_each_message_has_keys_and_a_salt_of_its_own() -> None:
    browser = Browser()
    first, second = (encrypt(TEXT, browser.p256dh, browser.auth) for _ in range(2))
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]


def test_nobody_else_can_read_it() -> None:
    browser, other = Browser(), Browser()
    message = encrypt(TEXT, browser.p256dh, browser.auth)
    with pytest.raises(InvalidTag):
        other.decrypt(message)
    with pytest.raises(InvalidTag):
        Browser(private=browser.private).decrypt(message)
    with pytest.raises(InvalidTag):
        browser.decrypt(message[:-1] + bytes([message[-1] ^ 1]))


def test_what_is_too_long_or_no_key_is_refused() -> None:
    browser = Browser()
    with pytest.raises(ValueError, match="3073 bytes"):
        encrypt(b"x" * (MAX_TEXT + 1), browser.p256dh, browser.auth)
    with pytest.raises(ValueError, match="not a point"):
        encrypt(TEXT, b"\x04" + secrets.token_bytes(64), browser.auth)
    with pytest.raises(ValueError, match="secret"):
        encrypt(TEXT, browser.p256dh, b"short")
