"""A push service with browsers of its own: it verifies who sends, and its browsers decrypt what they get."""

from __future__ import annotations

import base64
import json
import secrets
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """One that subscribed, with the keys that it keeps to itself."""

    endpoint: str = ""
    private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @classmethod
    def of(cls, private: str, auth: str) -> Browser:
        value = int.from_bytes(unb64(private), "big")
        return cls("", derive_private_key(value, SECP256R1()), unb64(auth))

    @property
    def p256dh(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    @property
    def form(self) -> dict[str, str]:
        return {"endpoint": self.endpoint, "p256dh": b64(self.p256dh), "auth": b64(self.auth)}

    def decrypt(self, body: bytes) -> bytes:
        """Decrypt as RFC 8188 and 8291 say, written here a second time: HMAC steps apart, and the record's padding."""
        salt, (size, length) = body[:16], struct.unpack("!LB", body[16:21])
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size, "one record"
        shared = self.private.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), sender))
        first = HKDF.extract(SHA256(), self.auth, shared)
        secret = HKDFExpand(SHA256(), 32, b"WebPush: info\x00" + self.p256dh + sender).derive(first)
        second = HKDF.extract(SHA256(), salt, secret)
        key = HKDFExpand(SHA256(), 16, b"Content-Encoding: aes128gcm\x00").derive(second)
        nonce = HKDFExpand(SHA256(), 12, b"Content-Encoding: nonce\x00").derive(second)
        padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\x00")
        assert padded.endswith(b"\x02"), "the last record"
        return padded[:-1]


@dataclass
class Delivered:
    """A request that was in order, as its browser reads it."""

    browser: Browser
    headers: dict[str, str]
    claims: dict[str, Any]
    shown: dict[str, Any]


class PushService:
    """Answers what a test told it to for a browser, else 201; a request that is not in order gets 400, 401 or 403."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.browsers: dict[str, Browser] = {}
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = {}
        self.asked: list[str] = []
        self.delivered: list[Delivered] = []

    def subscribe(self) -> Browser:
        path = f"/send/{secrets.token_urlsafe(16)}"
        self.browsers[path] = Browser(f"{self.url}{path}")
        return self.browsers[path]

    def answer(self, browser: Browser, *statuses: int, **headers: str) -> None:
        """Answer the next requests for the browser so; `Retry_After` is a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[browser.endpoint.removeprefix(self.url)] = [(status, named) for status in statuses]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        self.asked.append(path)
        if path not in self.browsers:
            return 404, {}
        if waiting := self.answers.get(path):
            return waiting.pop(0)
        if headers.get("content-encoding") != "aes128gcm" or not headers.get("ttl", "").isdigit() or len(body) > 4096:
            return 400, {}
        try:
            claims = self._verified(headers.get("authorization", ""))
        except (ValueError, jwt.InvalidTokenError):
            return 401, {}
        browser = self.browsers[path]
        self.delivered.append(Delivered(browser, headers, claims, json.loads(browser.decrypt(body))))
        return 201, {"Location": f"{self.url}/message/1"}

    def _verified(self, authorization: str) -> dict[str, Any]:
        scheme, _, rest = authorization.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), unb64(parts["k"]))
        required: Any = {"require": ["exp", "aud", "sub"]}
        return jwt.decode(parts["t"], key, ["ES256"], audience=self.url, options=required)


@contextmanager
def running() -> Iterator[PushService]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = service.take(self.path, headers, body)
            self.send_response(status)
            for name, value in answer.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = PushService(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield service
    server.shutdown()
    server.server_close()
    thread.join()
