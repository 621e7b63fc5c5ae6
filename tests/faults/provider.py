"""Twilio and Meta as one process of its own that does as it is told: `python -m tests.faults.provider LOG`.

It takes what `tests.providers.checks_*` say the real ones take, and writes each message that it accepts to LOG, a line
of JSON, before anybody hears of it. The first line it prints is its two ports: the providers' and the control's.

Orders stand in a text, `{refuse 21211} Your cake is ready`, or come to the control port for the next texts that hold a
word: `POST /orders {"match": "cake", "orders": ["limit 60"], "times": 3}`. Several orders are followed in turn:

| order | does |
|---|---|
| `refuse CODE` | an error of that code (Twilio: 400; Meta: 400) |
| `status N` | that status with a page of HTML; `status 401` with the provider's own words |
| `limit SECONDS` | 429 with Retry-After |
| `hang_before SECONDS`, `hang_after SECONDS` | waits, before or after it accepts |
| `reset_before`, `reset_after` | resets the connection, before or after it accepts |
| `garbage` | accepts, and answers what nobody can read |
| `report STATUS` | accepts, and calls back with it; several in the order given |
| `early STATUS`, `forged STATUS`, `twice STATUS` | calls back before its own answer; signed wrongly; two times |
| `shuffled` | the reports are sent the last first |

`POST /close {"seconds": 2}` refuses connections for a while. `POST /report {"sid": …, "status": …}` calls back now,
about a message of any age. `GET /state` counts requests, rule breaches, and callbacks by the status of their answer.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import json
import os
import re
import socket
import struct
import sys
import time
from collections import Counter
from email.utils import format_datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.providers import checks_meta, checks_twilio

META_SECRET = "meta-app-secret"
REFUSALS = {401: (20003, 190), 403: (20003, 10)}
ORDER = re.compile(r"\{(\w+)(?: ([\w.]+))?\}")
Orders = list[tuple[str, str]]


class Answer(NamedTuple):
    """What goes back; no status is a reset of the connection."""

    status: int | None
    body: Any = b""
    headers: dict[str, str] = {}


class Provider:
    """What the provider knows and has accepted."""

    def __init__(self, log: str, meta_callback: str) -> None:
        self.log = os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
        self.meta_callback = meta_callback
        self.accepted: dict[str, dict[str, Any]] = {}
        self.waiting: list[dict[str, Any]] = []
        self.state: dict[str, Any] = {"requests": 0, "broken": [], "callbacks": Counter()}
        self.tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server | None = None
        self.open: set[asyncio.StreamWriter] = set()

    async def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a request as the provider whose path it is."""
        self.state["requests"] += 1
        is_twilio = path.startswith("/2010")
        if method == "GET":
            return self._listed(path)
        try:
            request = (checks_twilio if is_twilio else checks_meta).read(path, headers, body)
        except ValueError as error:
            self.state["broken"].append(str(error))
            return Answer(400, {"code": 20001, "error": {"code": 100, "message": str(error)}, "message": str(error)})
        return await self._follow(is_twilio, request, self._orders_for(request.body))

    def _orders_for(self, text: str) -> Orders:
        for waiting in self.waiting:
            if waiting["match"] in text and waiting["times"] > 0:
                waiting["times"] -= 1
                text = " ".join(f"{{{order}}}" for order in waiting["orders"])
                break
        return ORDER.findall(text)

    async def _follow(self, is_twilio: bool, request: Any, orders: Orders) -> Answer:
        reports, accepted = [], None
        for word, value in orders:
            match word:
                case "refuse":
                    return _error(is_twilio, 400, int(value))
                case "status":
                    status = int(value)
                    if status in REFUSALS:
                        return _error(is_twilio, status, REFUSALS[status][not is_twilio])
                    return Answer(status, b"<html>It does not work.</html>")
                case "limit":
                    refused = _error(is_twilio, 429, 20429 if is_twilio else 130429)
                    return refused._replace(headers={"Retry-After": value})
                case "hang_before":
                    await asyncio.sleep(float(value))
                case "reset_before":
                    return Answer(None)
                case "reset_after":
                    self._accept(is_twilio, request)
                    return Answer(None)
                case "hang_after":
                    accepted = self._accept(is_twilio, request)
                    await asyncio.sleep(float(value))
                case "garbage":
                    self._accept(is_twilio, request)
                    return Answer(201 if is_twilio else 200, b'{"sid": 17, "messages": "')
                case "early":
                    accepted = self._accept(is_twilio, request)
                    await self._report(accepted, value)
                case "report" | "forged" | "twice":
                    reports.append((value, word == "forged"))
                    reports += [(value, False)] * (word == "twice")
                case "shuffled":
                    reports.reverse()
        accepted = accepted or self._accept(is_twilio, request)
        if reports:
            self._later(self._report_all(accepted, reports))
        if is_twilio:
            return Answer(201, _resource(accepted))
        return Answer(200, {"messaging_product": "whatsapp", "messages": [{"id": accepted["sid"]}]})

    def _accept(self, is_twilio: bool, request: Any) -> dict[str, Any]:
        number = len(self.accepted) + 1
        row = {
            "sid": f"SM{os.getpid():08x}{number:024x}" if is_twilio else f"wamid.{os.getpid()}.{number}",
            "attempt": (checks_twilio if is_twilio else checks_meta).attempt_of(request),
            "at": time.time(),
            "to": request.to,
            "from": request.sender if is_twilio else "",
            "account": request.account if is_twilio else request.number_id,
            "token": request.token,
            "callback": request.callback if is_twilio else self.meta_callback,
            "body": request.body,
        }
        os.write(self.log, (json.dumps(row) + "\n").encode())
        self.accepted[row["sid"]] = row
        return row

    def _listed(self, path: str) -> Answer:
        """Twilio's list of the messages to a number, the latest first, or one message."""
        parts = urlsplit(path)
        sid = parts.path.rpartition("/")[2].removesuffix(".json")
        if sid in self.accepted:
            return Answer(200, _resource(self.accepted[sid]))
        to = parse_qs(parts.query).get("To", [""])[0]
        found = [_resource(row) for row in self.accepted.values() if row["to"] == to]
        uri = parts.path
        page = {"messages": found[::-1], "page": 0, "page_size": 50, "uri": uri, "first_page_uri": uri}
        return Answer(200, page | {"next_page_uri": None, "previous_page_uri": None, "start": 0, "end": len(found)})

    # Callbacks.

    async def _report_all(self, row: dict[str, Any], reports: list[tuple[str, bool]]) -> None:
        await asyncio.sleep(0.05)
        for status, forged in reports:
            await self._report(row, status, forged=forged)

    async def _report(self, row: dict[str, Any], status: str, *, forged: bool = False) -> None:
        url = row["callback"]
        if not url:
            return
        if row["sid"].startswith("SM"):
            fields = {"MessageSid": row["sid"], "MessageStatus": status, "To": row["to"], "AccountSid": row["account"]}
            body = urlencode(fields).encode()
            headers = {"X-Twilio-Signature": _sign_twilio(url, fields, row["token"] + "x" * forged)}
            kind = "application/x-www-form-urlencoded"
        else:
            body = json.dumps(_meta_report(row, status)).encode()
            digest = hmac.new((META_SECRET + "x" * forged).encode(), body, hashlib.sha256).hexdigest()
            headers, kind = {"X-Hub-Signature-256": f"sha256={digest}"}, "application/json"
        answered = await _post(url, body, {"Content-Type": kind, **headers})
        self.state["callbacks"][f"{'forged ' * forged}{answered}"] += 1

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    # Control.

    async def control(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer a request to the control port."""
        said = json.loads(body) if body else {}
        match path:
            case "/orders":
                self.waiting.append({"match": "", "times": 10**9, **said})
            case "/forget":
                self.waiting.clear()
            case "/close":
                self._later(self._close(float(said["seconds"])))
                await asyncio.sleep(0.05)
            case "/report":
                row = self.accepted[said["sid"]]
                await self._report(row, said["status"], forged=said.get("forged", False))
        return Answer(200, {**self.state, "accepted": len(self.accepted)})

    async def _close(self, seconds: float) -> None:
        server = self.server
        assert server is not None
        port = server.sockets[0].getsockname()[1]
        server.close()
        for writer in list(self.open):
            writer.transport.abort()
        await asyncio.sleep(seconds)
        self.server = await _serve(self, self.answer, port)


def _error(is_twilio: bool, status: int, code: int) -> Answer:
    if is_twilio:
        return Answer(status, {"code": code, "message": "The text of Twilio", "status": status})
    return Answer(status, {"error": {"message": "The text of Meta", "type": "OAuthException", "code": code}})


def _resource(row: dict[str, Any]) -> dict[str, Any]:
    created = format_datetime(dt.datetime.fromtimestamp(row["at"], dt.UTC))
    return {
        "sid": row["sid"],
        "status": "queued",
        "error_code": None,
        "body": row["body"],
        "to": row["to"],
        "from": row["from"],
        "direction": "outbound-api",
        "date_created": created,
    }


def _sign_twilio(url: str, fields: dict[str, str], token: str) -> str:
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def _meta_report(row: dict[str, Any], status: str) -> dict[str, Any]:
    report = {
        "id": row["sid"],
        "status": status,
        "timestamp": str(int(time.time())),
        "recipient_id": row["to"].lstrip("+"),
        "biz_opaque_callback_data": str(row["attempt"] or ""),
    }
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": row["account"]}, "statuses": [report]}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}],
    }


async def _post(url: str, body: bytes, headers: dict[str, str]) -> str:
    parts = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        lines = [f"POST {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join([*lines, "Connection: close", "", ""])).encode() + body)
        line = await asyncio.wait_for(reader.readline(), 15)
        writer.close()
        return line.split()[1].decode()
    except (OSError, IndexError, TimeoutError):
        return "none"


# HTTP.


async def _serve(provider: Provider, answer: Any, port: int = 0) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer == provider.answer:
            provider.open.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await _one(reader, writer, answer):
                pass
        provider.open.discard(writer)
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", port, backlog=512)


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Any) -> bool:
    line = await reader.readline()
    if not line:
        return False
    method, path, _ = line.decode().split()
    headers = {}
    while (line := await reader.readline()).strip():
        name, _, value = line.decode().partition(":")
        headers[name.strip().title()] = value.strip()
    body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    said = await answer(method, path, headers, body)
    if said.status is None:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False
    raw = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
    lines = [f"HTTP/1.1 {said.status} X", "Content-Type: application/json", f"Content-Length: {len(raw)}"]
    lines += [f"{name}: {value}" for name, value in said.headers.items()]
    writer.write("\r\n".join([*lines, "", ""]).encode() + raw)
    await writer.drain()
    return True


async def _main(log: str, meta_callback: str) -> None:
    provider = Provider(log, meta_callback)
    provider.server = await _serve(provider, provider.answer)
    control = await _serve(provider, provider.control)
    ports = [server.sockets[0].getsockname()[1] for server in (provider.server, control)]
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await control.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
