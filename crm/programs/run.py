"""`make run`: the whole product on one machine, from nothing, until Ctrl-C or TERM.

It creates the secret key and the database, starts the embedded Redis and the processes of the Procfile, and prints the
address. However it ends, it leaves no process.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import click
import psutil

import config
from crm.programs import processes
from crm.programs.first_start import RefusalError, prepare
from crm.programs.redis_server import RedisServer, find_redis, start_redis
from crm.programs.supervisor import Supervised

INSTANCE = config.ROOT / "instance"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
START_TIMEOUT = 60
END_TIMEOUT = 12
"""Seconds for running work before it is killed; with Redis, everything ends within 15."""


class Ended(BaseException):
    """A signal asked to end; a BaseException, so that no `except Exception` catches it."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def reachable(self) -> str:
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 -- nothing is bound

    @property
    def url(self) -> str:
        return f"http://{_bracketed(self.reachable)}:{self.port}"


def main() -> int:
    os.umask(0o077)  # other users of this machine may not read the customers
    for number in SIGNALS:
        signal.signal(number, _end)
    processes.adopt_orphans()
    processes.keep_secrets()
    try:
        with contextlib.ExitStack() as cleanup:
            # Entered first, so it runs last: end processes that nobody else ended.
            cleanup.callback(lambda: processes.end(psutil.Process().children(), timeout=1))
            cleanup.callback(_ignore_signals)
            return _run(os.environ, cleanup)
    except Ended as ended:
        return ended.exit_code
    except (RefusalError, config.ConfigError) as refusal:
        click.echo(str(refusal), err=True)
        return 1


def read_procfile(folder: Path) -> dict[str, str]:
    lines = (folder / "Procfile").read_text().splitlines()
    return {m[1]: m[2] for line in lines if (m := re.match(r"([\w-]+):\s*(.+)", line))}


def _run(environ: Mapping[str, str], cleanup: contextlib.ExitStack) -> int:
    address = _address(environ)
    _refuse_taken(address)
    cleanup.enter_context(_alone())
    settings = _settings(environ, address)
    redis = _embedded_redis(settings, cleanup)
    password = prepare(settings, INSTANCE)
    children = _start_children(settings, address, cleanup)
    click.echo(_welcome(settings, address.url, redis, password, [child.name for child in children]))
    return _watch([*children, *_supervised_redis(redis)])


def _address(environ: Mapping[str, str]) -> Address:
    host, port = environ.get("HOST") or "127.0.0.1", environ.get("PORT") or "8000"
    if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise RefusalError(f"PORT has to be a whole number from 1 to 65535, not {port!r}.")
    return Address(host.strip("[]"), int(port))


def _refuse_taken(address: Address) -> None:
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except socket.gaierror:
        raise RefusalError(f"HOST is {address.host!r}, which is no address of this machine.") from None
    except PermissionError:
        raise RefusalError(f"Port {address.port} needs more rights. Choose one from 1024: PORT=8000 make run") from None
    except OSError as error:
        raise RefusalError(
            f"Port {address.port} on {address.host} is taken or not available ({error.strerror}). "
            f"End what uses it, or choose another: PORT={address.port % 65535 + 1} make run"
        ) from None


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    INSTANCE.mkdir(mode=0o700, exist_ok=True)
    INSTANCE.chmod(0o700)  # it may be older, and holds all customers
    with (INSTANCE / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RefusalError("The product runs from this folder already. End that one first.") from None
        yield


def _settings(environ: Mapping[str, str], address: Address) -> dict[str, str]:
    if "SECRET_KEY" not in environ:
        config.make_secret_key(INSTANCE)
    programs = os.path.dirname(sys.executable)
    return {
        "PUBLIC_URL": address.url,
        **environ,
        "HOST": _bracketed(address.host),
        "PORT": str(address.port),
        "PATH": f"{programs}{os.pathsep}{environ.get('PATH', os.defpath)}",
    }


def _embedded_redis(settings: dict[str, str], cleanup: contextlib.ExitStack) -> RedisServer | None:
    program = None if settings.get("REDIS_URL") else find_redis()
    if program is None:
        return None
    try:
        server = start_redis(program, INSTANCE / "redis")
    except (OSError, RuntimeError) as error:
        click.echo(f"{program.kind} does not start here ({error}); going on without Redis.", err=True)
        return None
    cleanup.callback(server.stop, timeout=2)
    settings["REDIS_URL"] = server.url
    return server


def _start_children(settings: Mapping[str, str], address: Address, cleanup: contextlib.ExitStack) -> list[Supervised]:
    children: list[Supervised] = []
    cleanup.callback(_end_children, children)
    for name, command in read_procfile(config.ROOT).items():
        if name == "release":  # prepare() has done it
            continue
        start = functools.partial(_start, command, settings)
        children.append(Supervised(name, start(), start))
        if name == "web":  # a person waits for it, and another process would slow it down
            _wait_until_up(address, children)
    return children


def _start(command: str, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command}"],
        env=settings,
        cwd=config.ROOT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches this process alone, which ends the others in order
        preexec_fn=processes.die_with_parent,
    )


def _end_children(children: Sequence[Supervised]) -> None:
    alive = [psutil.Process(child.process.pid) for child in children if not child.ended]
    processes.end(alive, END_TIMEOUT)


def _supervised_redis(redis: RedisServer | None) -> Iterator[Supervised]:
    if redis is not None:
        yield Supervised("Redis", redis.process, redis.start)


def _wait_until_up(address: Address, children: Sequence[Supervised]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not _answers(address):
        if sentence := next((child.ended for child in children if child.ended), None):
            raise RefusalError(f"{sentence}; ending the rest.")
        if time.monotonic() > deadline:
            raise RefusalError(f"The web process did not answer on {address.url} within {START_TIMEOUT} s.")
        time.sleep(0.05)


def _answers(address: Address) -> bool:
    connection = http.client.HTTPConnection(address.reachable, address.port, timeout=5)
    try:
        connection.request("GET", "/up")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _watch(children: Sequence[Supervised]) -> int:
    while all(child.watch() for child in children):
        time.sleep(0.2)
    return 1


def _welcome(
    settings: Mapping[str, str],
    url: str,
    redis: RedisServer | None,
    password: str | None,
    running: list[str],
) -> str:
    if redis:
        queue = f"Redis ({redis.program.kind}, {_short(redis.directory)})"
    else:
        queue = "Redis (from REDIS_URL)" if settings.get("REDIS_URL") else "no Redis"
    if password:
        sign_in = f"demo (a shop) or traveller (a travel agency), password {password}"
    else:
        sign_in = "with your own user; flask --app wsgi user reset-password NAME makes a new password"
    return f"""
  The CRM runs on  {url}
  Sign in          {sign_in}
  Running          {" and ".join(running)}, {_database(settings)}, {queue}
  End it           Ctrl-C
"""


def _database(settings: Mapping[str, str]) -> str:
    url = urlsplit(config.load(settings, INSTANCE)["SQLALCHEMY_DATABASE_URI"])
    if url.scheme == "sqlite":
        return f"SQLite ({_short(Path(url.path[1:]))})"
    return f"PostgreSQL ({url.path.lstrip('/')} on {url.hostname or 'this machine'})"


def _short(path: Path) -> str:
    return str(path.relative_to(config.ROOT) if path.is_relative_to(config.ROOT) else path)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _end(number: int, frame: FrameType | None) -> NoReturn:
    _ignore_signals()
    raise Ended(number)


def _ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
