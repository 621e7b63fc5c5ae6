"""The provider's process, and the tests' way to it."""

from __future__ import annotations

import contextlib
import json
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.providers.fake import ACCESS, ACCOUNT, NUMBER_ID, SMS_FROM, TOKEN, WHATSAPP_FROM
from tests.servers import Process


@dataclass(frozen=True)
class Fake:
    """A provider that runs."""

    process: Process
    log: Path
    port: int
    control_port: int

    @property
    def environ(self) -> dict[str, str]:
        """The settings that send all messages there."""
        url = f"http://127.0.0.1:{self.port}"
        return {
            "TWILIO_API_BASE": url,
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": SMS_FROM,
            "TWILIO_WHATSAPP_FROM": WHATSAPP_FROM,
            "WHATSAPP_API_BASE": url,
            "WHATSAPP_TOKEN": ACCESS,
            "WHATSAPP_PHONE_NUMBER_ID": NUMBER_ID,
            "WHATSAPP_APP_SECRET": "meta-app-secret",
        }

    def accepted(self) -> list[dict[str, Any]]:
        """Return what it has accepted since its log began, the whole truth."""
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def order(self, *orders: str, match: str = "", times: int = 10**9) -> None:
        """Have it follow orders for the next messages whose text holds `match`."""
        self._tell("orders", {"orders": orders, "match": match, "times": times})

    def forget(self) -> None:
        """Take back all orders."""
        self._tell("forget", {})

    def refuse_connections(self, seconds: float) -> None:
        """Cut all connections and take none for a while."""
        self._tell("close", {"seconds": seconds})

    def report(self, sid: str, status: str, *, forged: bool = False) -> None:
        """Have it call back about a message it accepted."""
        self._tell("report", {"sid": sid, "status": status, "forged": forged})

    def state(self) -> dict[str, Any]:
        """Return its counts."""
        return self._tell("state", {})

    def _tell(self, path: str, said: dict[str, Any]) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self.control_port}/{path}"
        with urllib.request.urlopen(url, json.dumps(said).encode(), timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
        return found


@contextlib.contextmanager
def fake_provider(directory: Path, meta_callback: str = "") -> Iterator[Fake]:
    """Run a provider with its log in `directory`."""
    log, said = directory / "accepted.jsonl", directory / "provider.log"
    command = [sys.executable, "-m", "tests.faults.provider", str(log), meta_callback]
    process = Process.start(command, said, {"PYTHONUNBUFFERED": "1"})
    try:
        process.wait_until(lambda: "\n" in process.output, "the provider takes messages")
        port, control_port = json.loads(process.output.splitlines()[0])
        yield Fake(process, log, port, control_port)
    finally:
        process.end()
