"""A provider on this machine that answers as it is told, and refuses what its real counterpart would refuse."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.providers import checks_meta, checks_twilio

ACCOUNT, TOKEN = "AC" + "0" * 31 + "1", "0123456789abcdef0123456789abcdef"
NUMBER_ID, ACCESS = "106540352242922", "EAAGtoken"
SMS_FROM, WHATSAPP_FROM = "+15005550006", "+15005550009"


@dataclass
class Say:
    """One answer: a status with JSON (or raw bytes) and headers; or a fault of the connection."""

    status: int = 201
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""


class Provider:
    """Both providers behind one port; `says` decides the answer to what was sent, after the rules were checked."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.asked: list[str] = []
        self.broken: list[str] = []
        self.connections = 0
        self.says: Callable[[Any], Say] | None = None
        self.listed: Callable[[str], Say] = lambda path: Say(200, {"messages": []})
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def answer(self, path: str, headers: Any, body: bytes) -> Say:
        """Return the answer to a request to send."""
        is_twilio = path.startswith("/2010")
        checks: Any = checks_twilio if is_twilio else checks_meta
        try:
            request = checks.read(path, headers, body)
        except ValueError as error:
            self.broken.append(str(error))
            return Say(400, {"code": 20001, "message": f"broken rule: {error}"})
        with self.lock:
            self.sent.append(request)
            number = len(self.sent)
        if self.says is not None:
            return self.says(request)
        return taken_by_twilio(number) if is_twilio else taken_by_meta(number)


def taken_by_twilio(number: int) -> Say:
    """Return Twilio's answer to a message that it takes."""
    return Say(201, {"sid": f"SM{number:032x}", "status": "queued", "error_code": None})


def taken_by_meta(number: int) -> Say:
    """Return Meta's answer to a message that it takes."""
    return Say(200, {"messaging_product": "whatsapp", "messages": [{"id": f"wamid.{number}"}]})


def twilio_error(status: int, code: int, **headers: str) -> Say:
    """Return Twilio's answer to a message that it refuses."""
    payload = {"code": code, "message": "The text of Twilio", "more_info": "https://…", "status": status}
    return Say(status, payload, {name.replace("_", "-"): value for name, value in headers.items()})


def meta_error(status: int, code: int, **more: Any) -> Say:
    """Return Meta's answer to a message that it refuses."""
    return Say(status, {"error": {"message": "(#1) The text of Meta", "type": "OAuthException", "code": code, **more}})


@contextlib.contextmanager
def provider() -> Iterator[Provider]:
    """Run a provider."""
    fake = Provider()
    thread = threading.Thread(target=fake.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.server.shutdown()
        fake.server.server_close()


def _handler(fake: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            fake.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.say(fake.answer(self.path, dict(self.headers), body))

        def do_GET(self) -> None:
            fake.asked.append(self.path)
            self.say(fake.listed(self.path))

        def say(self, answer: Say) -> None:
            if answer.fault:
                self.close_connection = True
                if answer.fault == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                elif answer.fault == "half":
                    self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{")
                self.connection.close()
                return
            raw = answer.payload if isinstance(answer.payload, bytes) else json.dumps(answer.payload).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler
