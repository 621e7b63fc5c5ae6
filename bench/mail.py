"""E-mail: one worker that hands letters to a mail server on this machine, by letters a second, on both databases.

`python bench/mail.py` runs it alone; LETTERS is how many there are, 3,000 unless it is set.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import sqlalchemy as sa  # noqa: E402
from aiosmtpd.controller import Controller  # noqa: E402

from bench.delivery import Sizes, _demo, _rate, _worker  # noqa: E402
from bench.targets import Bench, alone  # noqa: E402
from crm import create_app  # noqa: E402
from crm.accounts.models import Organization  # noqa: E402
from crm.customers.models import Customer  # noqa: E402
from crm.kernel.db import transaction  # noqa: E402
from crm.kernel.work.due import DueWork  # noqa: E402
from crm.messages.models import Message  # noqa: E402
from crm.values import clock  # noqa: E402
from tests.product import flask  # noqa: E402
from tests.servers import Process, free_port, wait_for  # noqa: E402

LETTERS = 3_000


def compare(bench: Bench) -> None:
    """Print how many letters one worker hands over in a second."""
    letters = int(os.environ.get("LETTERS") or LETTERS)
    for kind in ("sqlite", "postgresql"):
        with _server(bench.directory) as port:
            environ = bench.empty_installation(kind, "mail")
            environ |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}
            environ |= {"EMAIL_FROM": "hello@toko.test"}
            flask(environ, "db", "upgrade")
            flask(environ, "demo", "load", "--messages", str(letters), "--due-in", "86400")
            app = create_app(environ, bench.directory / "mail")
            with _demo(app):
                _turn_into_letters()
            with _worker(environ, bench.directory / "worker.log"):
                rate = _rate(app, Sizes(due=letters))
            sys.stdout.write(f"{kind}, {letters:,} letters by one worker: {rate:,.0f}/s\n")
            sys.stdout.flush()


def _turn_into_letters() -> None:
    """Let all scheduled messages of the demo shop be due e-mails."""
    now = clock.utcnow()
    with transaction() as session:
        session.execute(sa.update(Organization).values(email_gateway="smtp"))
        address = sa.literal("c") + sa.cast(Customer.id, sa.String) + "@toko.test"
        session.execute(sa.update(Customer).values(email=address))
        late = sa.select(Message.id).where(Message.send_at > now)
        session.execute(sa.update(DueWork).where(DueWork.subject_id.in_(late)).values(due_at=now))
        letter: dict[str, Any] = {"channel": "email", "subject": "Your cake", "send_at": now}
        session.execute(sa.update(Message).where(Message.send_at > now).values(letter))


@contextlib.contextmanager
def _server(directory: Path) -> Iterator[int]:
    port = free_port()
    process = Process.start([sys.executable, __file__, str(port)], directory / "mail.log", dict(os.environ))
    try:
        wait_for(lambda: "listening" in process.output, "the mail server listens")
        yield port
    finally:
        process.end()


class _Taker:
    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 -- the library's name
        return "250 OK"


def serve(port: int) -> None:
    """Take every letter."""
    Controller(_Taker(), hostname="127.0.0.1", port=port).start()
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    serve(int(sys.argv[1])) if len(sys.argv) > 1 else alone(compare)
