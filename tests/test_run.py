"""`make run`: one command to a working screen, and nothing left when it ends."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from crm.accounts.models import User
from crm.programs.redis_server import find_redis, start_redis
from crm.programs.supervisor import Restarts, Supervised
from tests.factories import PASSWORD_HASH
from tests.servers import ROOT, Process, answers, free_port, wait_for

NOT_COPIED = shutil.ignore_patterns(".venv", ".git", "instance", ".*_cache", "node_modules")
Start = Callable[..., Process]


@pytest.fixture
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the product; in a short folder, as a socket's path has to be short."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("run") / "crm", ignore=NOT_COPIED)


@pytest.fixture
def make_run(checkout: Path, tmp_path: Path) -> Iterator[Start]:
    """A function that starts `make run`, with more settings if given; all of it ends with the test."""
    started: list[Process] = []

    def start(**settings: str) -> Process:
        # The packages count as installed: what is tried here begins where pip ends.
        command = ["make", "--no-print-directory", "run", f"PY={sys.executable}", "READY=Makefile"]
        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "no-home"), **settings}
        started.append(Process.start(command, tmp_path / f"run-{len(started)}.log", environ, checkout))
        return started[-1]

    yield start
    for process in started:
        process.end()


@pytest.fixture
def new(make_run: Start) -> tuple[Process, int]:
    """`make run` from nothing, up, and the port it listens on."""
    return _up(make_run)


@pytest.fixture
def running(make_run: Start, checkout: Path, sqlite_template: Path) -> tuple[Process, int]:
    """`make run` of an installation that has a user already, so that no demo shop is loaded."""
    instance = checkout / "instance"
    instance.mkdir(mode=0o700)
    engine = sa.create_engine(f"sqlite:///{shutil.copy(sqlite_template, instance / 'crm.db')}")
    with engine.begin() as connection:
        connection.execute(sa.insert(User).values(username="owner", password_hash=PASSWORD_HASH))
    engine.dispose()
    return _up(make_run)


def _up(make_run: Start) -> tuple[Process, int]:
    port = free_port()
    process = make_run(PORT=str(port))
    process.wait_until(lambda: "Ctrl-C" in process.output, "make run says where it runs", timeout=60)
    return process, port


def test_it_serves_keeps_its_secrets_and_starts_again(
    new: tuple[Process, int], make_run: Start, checkout: Path, tmp_path: Path
) -> None:
    process, port = new
    assert answers(f"http://127.0.0.1:{port}/up")
    assert f"http://127.0.0.1:{port}\n" in process.output
    assert "Running web and worker, SQLite" in " ".join(process.output.split())
    password = printed_password(process)
    assert "Due reminders" in sign_in(f"http://127.0.0.1:{port}", password)
    for secret in ("secret_key", "demo_password"):
        assert stat.S_IMODE((checkout / "instance" / secret).stat().st_mode) == 0o600
    assert re.fullmatch("[0-9a-f]{64}", (checkout / "instance" / "secret_key").read_text())
    assert open_to_others(checkout / "instance") == []
    process.stop()

    again = make_run(PORT=str(port))
    again.wait_until(lambda: "Ctrl-C" in again.output, "the second start", timeout=60)
    assert printed_password(again) == password
    assert not (tmp_path / "no-home").exists()
    before, after = ({path.name for path in folder.iterdir()} for folder in (ROOT, checkout))
    assert after - before <= {"instance", "__pycache__"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_whole_when_told_to(running: tuple[Process, int], number: signal.Signals) -> None:
    process, port = running
    family = children(process)
    assert {"redis-server", "gunicorn", "flask"} <= programs(family)
    if number is signal.SIGINT:  # a terminal sends it to make and what make started
        os.killpg(process.popen.pid, number)
    else:
        process.popen.send_signal(number)
    assert process.popen.wait(15) != 0
    assert not any(member.is_running() for member in family)
    assert not answers(f"http://127.0.0.1:{port}/up")


def test_a_process_that_dies_is_started_again(running: tuple[Process, int]) -> None:
    process, port = running
    for name, program in (("Redis", "redis-server"), ("worker", "flask"), ("web", "gunicorn")):
        family = children(process)
        first = min((each for each in family if program in command_of(each)), key=lambda each: each.create_time())
        first.kill()
        noticed = f"The {name} process ended by itself (killed"
        process.wait_until(lambda noticed=noticed: noticed in process.output, "it notices")
        process.wait_until(
            lambda program=program, family=family: program in programs(set(children(process)) - set(family)),
            f"{name} is started again",
        )
    process.wait_until(lambda: answers(f"http://127.0.0.1:{port}/up"), "the page answers", timeout=60)
    assert process.popen.poll() is None


def test_a_process_that_dies_again_and_again_is_given_up() -> None:
    restarts = Restarts()
    assert [restarts.delay_after_end(at) for at in (0, 1, 2, 3, 4)] == [0, 1, 2, 4, None]
    restarts = Restarts()
    assert [restarts.delay_after_end(at) for at in range(0, 600, 20)] == [0, 1, *[2] * 28]


def test_all_of_it_ends_when_a_process_is_given_up(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("crm.programs.supervisor.FIRST_DELAYS", (0, 0, 0, 0))
    start = functools.partial(subprocess.Popen, ["false"])
    child = Supervised("worker", start(), start)
    wait_for(lambda: not child.watch(), "it is given up")
    assert "The worker process ended by itself (exit code 1), 5 times within 60 s" in capsys.readouterr().err


def test_it_leaves_nothing_when_it_is_killed(running: tuple[Process, int]) -> None:
    process, _ = running
    family = children(process)
    member(family, "crm.programs.run").kill()
    wait_for(lambda: not any(each.is_running() for each in family), "all of it ends", timeout=15)


def test_it_refuses_a_port_that_is_taken(make_run: Start, checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = make_run(PORT=str(port))
        assert process.popen.wait(30) != 0
    assert f"Port {port} on 127.0.0.1 is taken" in process.output
    assert not (checkout / "instance").exists()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PORT": "eight"}, "PORT has to be a whole number"),
        ({"HOST": "nowhere.invalid"}, "HOST is 'nowhere.invalid'"),
        ({"MESSAGE_LEASE": "soon"}, "MESSAGE_LEASE has to be a whole number"),
        ({"DATABASE_URL": "postgres://crm@127.0.0.1:1/none"}, "The database cannot be used"),
    ],
)
def test_it_says_what_is_wrong_with_a_setting(make_run: Start, settings: dict[str, str], sentence: str) -> None:
    process = make_run(**{"PORT": str(free_port()), **settings})
    assert process.popen.wait(30) != 0
    assert sentence in process.output
    assert "Traceback" not in process.output


def test_the_bundled_redis_serves_where_none_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program = find_redis()
    if program is None:
        assert sys.platform != "linux" or sys.version_info >= (3, 13)
        return
    start_redis(program, tmp_path).stop()


def open_to_others(folder: Path) -> list[Path]:
    """Return what another user of the machine could read or write; the sockets and files of one's own are closed."""
    return [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & 0o077]


def printed_password(process: Process) -> str:
    match = re.search(r"password (\S+)", process.output)
    assert match, process.output
    return match[1]


def children(process: Process) -> list[psutil.Process]:
    return psutil.Process(process.popen.pid).children(recursive=True)


def programs(family: Iterable[psutil.Process]) -> set[str]:
    names = ("redis-server", "gunicorn", "flask", "crm.programs.run")
    return {name for name in names for each in family if name in command_of(each)}


def member(family: list[psutil.Process], name: str) -> psutil.Process:
    return next(each for each in family if name in command_of(each))


def command_of(process: psutil.Process) -> str:
    """Return the command line; nothing for one that ended since it was listed."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def sign_in(url: str, password: str) -> str:
    """Sign in as a person without JavaScript does, and return the page that comes."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    page = browser.open(f"{url}/login").read().decode()
    fields = dict(re.findall(r'name="(csrf_token|next)"[^>]*value="([^"]*)"', page))
    form = urllib.parse.urlencode({**fields, "username": "demo", "password": password}).encode()
    return browser.open(f"{url}/login", form).read().decode()
