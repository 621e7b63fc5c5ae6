"""The web process as clients meet it: slow ones hold up nobody, strange ones are refused, large ones go to disk."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import sqlalchemy as sa
from gunicorn.config import Config

from crm.invoices.models import Receipt
from crm.kernel.extensions import db
from crm.programs.serving.body import MAX_IN_MEMORY, FullError, Room
from crm.programs.serving.connection import BODY, HEAD, LARGE_RATE, PAUSE, RATE, READING, Connection, ConnectionState
from tests.factories import Cast, make_invoice
from tests.make_files import encode, picture
from tests.product import RunningApp
from tests.servers import wait_for
from tests.slow import KINDS, probe, slow_clients

MB = 1 << 20


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One kind of database: what is tried here stands before it."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'crm.db')}"


class Line:
    """A bare connection."""

    def __init__(self, running: RunningApp) -> None:
        self._socket = socket.create_connection(("127.0.0.1", int(running.environ["PORT"])), timeout=20)
        self._file = self._socket.makefile("rb")
        self.sendall = self._socket.sendall

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        self._socket.close()

    def answer(self, has_body: bool = True) -> tuple[int, str, bytes]:
        """Read one answer: its status, whether the connection is kept, and its body."""
        status = int(self._file.readline().split()[1])
        headers = http.client.parse_headers(self._file)
        body = self._file.read(int(headers["Content-Length"])) if has_body and status != 100 else b""
        return status, headers.get("Connection", ""), body

    def is_closed(self) -> bool:
        """Wait for what comes next, which is to be nothing."""
        return self._file.read(1) == b""


@pytest.fixture
def line(running_app: RunningApp) -> Iterator[Line]:
    """A bare connection."""
    with Line(running_app) as connection:
        yield connection


def test_200_slow_clients_of_any_kind_hold_up_nobody(running_app: RunningApp) -> None:
    for name, kind in KINDS.items():
        with slow_clients(running_app.url, kind, 200) as connected:
            wait_for(lambda connected=connected: connected() == 200, f"{name}: all are connected")
            for path in ["/up", "/login"] * 10:
                assert probe(running_app.url + path, {}, 1, deadline=20).lost == [], name


def test_more_connections_than_a_worker_takes_push_out_the_idle_ones(running_app: RunningApp) -> None:
    with slow_clients(running_app.url, KINDS["silent"], 1100):
        assert probe(f"{running_app.url}/up", {}, 20, deadline=20).lost == []


@pytest.mark.parametrize(
    ("head", "rest"),
    [
        ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        ("Content-Length: 4\r\nContent-Length: 4\r\n", "a=b&"),
        ("Content-Length: +4\r\n", "a=b&"),
        ("Content-Length: 4\r\nX-Folded: a\r\n b\r\n", "a=b&"),
        ("Content-Length : 4\r\n", "a=b&"),
        ("Transfer-Encoding: chunked\r\n", "4\r\na=b&XX0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "0x4\r\na=b&\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "-4\r\na=b&\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "4\na=b&\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "4;a\x00b\r\na=b&\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "4\r\na=b&\r\n0\r\nContent-Length: 9\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n", "fffffffff\r\n"),
        ("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n"),
        ("Transfer-Encoding: gzip\r\n", "a=b&"),
        ("Host: other\r\n", ""),
        ("X: a\x00b\r\n", ""),
    ],
)
def test_a_request_that_two_servers_could_read_in_two_ways_is_refused(
    running_app: RunningApp, head: str, rest: str
) -> None:
    request = f"POST /login HTTP/1.1\r\nHost: here\r\n{head}\r\n{rest}".encode("latin-1")
    for pieces in ([request], [request[place : place + 1] for place in range(len(request))]):
        with Line(running_app) as line:
            for piece in pieces:
                line.sendall(piece)
            assert line.answer()[:2] == (400, "close")
            assert line.is_closed(), "nothing further is answered"


def test_requests_come_in_pieces_in_chunks_and_several_at_once(line: Line) -> None:
    form = b"username=nobody&password=wrong"
    chunks = b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in (form[:7], form[7:]))
    head = "POST /api/token/ HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    post = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\nX-Trailer: a\r\n\r\n"
    get = b"GET /up HTTP/1.1\r\nHost: here\r\n\r\n"
    for at_once in (len(get) + len(post), 1):
        both = post + get + post + get
        for place in range(0, len(both), at_once):
            line.sendall(both[place : place + at_once])
        assert [line.answer()[0] for _ in range(4)] == [415, 200, 415, 200]


def test_a_chunked_body_reaches_the_application(line: Line) -> None:
    body = b'{"username": "nobody", "password": "wrong"}'
    head = b"POST /api/token/ HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    line.sendall(
        head + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    )
    assert line.answer()[0] == 401


def test_a_client_is_told_to_go_on_once_and_only_when_the_page_takes_as_much(running_app: RunningApp) -> None:
    head = "POST /api/token/ HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
    with Line(running_app) as line:
        line.sendall(f"{head}Content-Length: 2\r\n\r\n".encode())
        assert line.answer()[0] == 100
        line.sendall(b"{}")
        assert line.answer()[0] == 400
    with Line(running_app) as line:
        line.sendall(f"{head}Content-Length: 200000000\r\n\r\n".encode())
        assert line.answer()[0] == 413


def test_head_has_no_body_and_http_1_0_is_closed(running_app: RunningApp) -> None:
    with Line(running_app) as line:
        line.sendall(b"HEAD /up HTTP/1.1\r\nHost: here\r\n\r\nGET /up HTTP/1.0\r\n\r\n")
        assert line.answer(has_body=False)[0] == 200
        assert line.answer() == (200, "close", b"up")
        assert line.is_closed()


def test_what_is_longer_than_the_page_takes_is_refused_at_once(line: Line) -> None:
    line.sendall(b"POST /login HTTP/1.1\r\nHost: here\r\nContent-Length: 90000000\r\n\r\n")
    assert line.answer()[:2] == (413, "close")


def test_a_chunked_body_without_end_is_refused(line: Line) -> None:
    line.sendall(b"POST /login HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"10000\r\n%s\r\n" % (b"a" * 0x10000)
    for _ in range(20):
        line.sendall(piece)
    status, connection, body = line.answer()
    assert (status, connection) == (413, "close")
    assert b"This is too large" in body, "the product says it, as where the length is known"


def test_a_head_without_end_is_refused(line: Line) -> None:
    line.sendall(b"GET /up HTTP/1.1\r\nHost: here\r\n")
    for number in range(80):
        line.sendall(b"X-%d: %s\r\n" % (number, b"a" * 1000))
    assert line.answer()[0] == 431


def test_ten_files_of_ten_megabytes_are_taken_and_not_kept_in_memory(running_app: RunningApp, cast: Cast) -> None:
    with cast.owner.acting():
        invoice = make_invoice()
    photo = encode(picture(), "JPEG")
    photo += b"\0" * (10 * MB - len(photo))
    mark = "0123456789abcdef"
    files = [
        f'--{mark}\r\nContent-Disposition: form-data; name="receipt"; filename="{number}.jpg"\r\n'.encode()
        + b"Content-Type: image/jpeg\r\n\r\n"
        + photo
        + b"\r\n"
        for number in range(10)
    ]
    body = b"".join(files) + f"--{mark}--\r\n".encode()
    headers = {**cast.owner.token(), "Content-Type": f"multipart/form-data; boundary={mark}"}
    worker = psutil.Process(running_app.web.popen.pid).children()[0]
    before = worker.memory_info().rss

    connection = http.client.HTTPConnection("127.0.0.1", int(running_app.environ["PORT"]), timeout=60)
    connection.request("POST", f"/api/invoices/{invoice}/receipts/", body, headers)
    response = connection.getresponse()

    assert response.status == 201, response.read()
    with cast.owner.acting():
        assert len(db.session.scalars(sa.select(Receipt.id)).all()) == 10
    assert worker.memory_info().rss - before < 80 * MB


def test_a_request_on_its_way_is_answered_when_the_process_ends(running_app: RunningApp) -> None:
    with Line(running_app) as line, Line(running_app) as idle:
        line.sendall(b"POST /login HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\na")
        idle.sendall(b"GET /up HTTP/1.1\r\nHost: here\r\n\r\n")
        assert idle.answer()[0] == 200
        running_app.web.popen.terminate()
        time.sleep(0.2)
        line.sendall(b"=b&")
        assert line.answer()[:2] == (400, "close")
        assert idle.is_closed()
    assert running_app.web.popen.wait(15) == 0


def test_clients_that_go_away_at_any_moment_leave_nothing(running_app: RunningApp) -> None:
    worker = psutil.Process(running_app.web.popen.pid).children()[0]
    probe(f"{running_app.url}/login", {}, 5, deadline=20)
    files = worker.num_fds()
    whole = b"POST /login HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\n" + b"a" * 100_000
    for end in (0, 1, 30, 70, 50_000, len(whole)):
        for _ in range(5):
            with Line(running_app) as line:
                line.sendall(whole[:end])
    assert probe(f"{running_app.url}/up", {}, 5, deadline=20).lost == []
    wait_for(lambda: worker.num_fds() <= files + 1, "sockets and files are closed")


@pytest.mark.parametrize(
    ("state", "allowed", "moved", "seconds"),
    [
        (ConnectionState.IDLE, HEAD, 0, HEAD),
        (ConnectionState.HEAD, HEAD, 0, HEAD),
        (ConnectionState.SENDING, READING, 0, READING),
        (ConnectionState.SENDING, READING, 10 * RATE, READING + 10),
    ],
)
def test_a_client_has_its_time_and_more_while_it_keeps_moving(
    state: ConnectionState, allowed: float, moved: int, seconds: int
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = Connection(ours, ("127.0.0.1", 1), ("127.0.0.1", 2), lambda _: None, Room(MB))
        connection.enter(state, allowed)
        connection.sock.sent = moved
        assert not connection.is_late(connection.since + seconds - 0.1)
        assert connection.is_late(connection.since + seconds + 0.1)


HEADS = {"sized": b"Content-Length: 100000000\r\n", "chunked": b"Transfer-Encoding: chunked\r\n"}


class Sender:
    """A connection without a worker, whose client sends a body of up to 100 MB."""

    def __init__(self, room: Room, framing: str = "sized") -> None:
        self._ours, self._theirs = socket.socketpair()
        self._is_chunked = framing == "chunked"
        self.connection = Connection(self._ours, ("127.0.0.1", 1), ("127.0.0.1", 2), lambda _: None, room)
        self._feed(b"POST / HTTP/1.1\r\nHost: here\r\n" + HEADS[framing] + b"\r\n")

    def send(self, size: int) -> None:
        data = b"a" * size
        self._feed(b"%x\r\n%s\r\n" % (size, data) if self._is_chunked else data)

    def end(self) -> None:
        self.connection.forget()
        self._ours.close()
        self._theirs.close()

    def _feed(self, data: bytes) -> None:
        assert not self.connection.feed(data, Config(), lambda _: 100_000_000)


@pytest.mark.parametrize("framing", HEADS)
def test_bodies_take_the_room_of_what_came_in_and_give_it_back(framing: str) -> None:
    room = Room(MB)
    silent = [Sender(room, framing) for _ in range(20)]
    assert room.left == MB, "what is only promised takes none"
    first, second, small = (Sender(room, framing) for _ in range(3))
    first.send(MB // 2)
    second.send(MB // 2 - 10)
    with pytest.raises(FullError):
        second.send(11)
    with pytest.raises(FullError):
        first.send(11)
    small.send(MAX_IN_MEMORY)
    with pytest.raises(FullError):
        small.send(1)
    first.end()
    small.send(1)
    for sender in (second, small, *silent):
        sender.end()
    assert room.left == MB


@pytest.mark.parametrize(
    ("pieces", "seconds"),
    [
        ([], BODY),
        ([(0, 10 * RATE)], BODY + 10),
        ([(0, 90 * MB)], PAUSE),
        ([(10, 150_000)] * 70, PAUSE),  # 10 MB of a phone with 128 kbit/s
        ([(0, MB), *[(10, 5 * LARGE_RATE)] * 10], PAUSE - 50),
    ],
)
def test_the_sender_of_a_body_has_time_by_what_came_in(
    monkeypatch: pytest.MonkeyPatch, pieces: list[tuple[int, int]], seconds: int
) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("crm.programs.serving.connection.time", SimpleNamespace(monotonic=lambda: clock.now))
    sender = Sender(Room(200 * MB))
    for pause, size in pieces:
        clock.now += pause
        assert not sender.connection.is_late(clock.now)
        sender.send(size)
    assert not sender.connection.is_late(clock.now + seconds - 0.1)
    assert sender.connection.is_late(clock.now + seconds + 0.1)
    sender.end()


def test_promised_bodies_keep_no_room_from_others(running_app: RunningApp) -> None:
    promise = b"POST /api/invoices/1/receipts/ HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(11):
            silent = stack.enter_context(Line(running_app))
            silent.sendall(promise + b"Content-Length: 100000000\r\n\r\n")
            assert silent.answer()[0] == 100
        line = stack.enter_context(Line(running_app))
        line.sendall(b"POST /login HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\n" + b"a" * 100_000)
        assert line.answer()[0] == 400


def test_a_database_that_another_program_locks_keeps_nobody_from_reading(running_app: RunningApp, cast: Cast) -> None:
    path = running_app.environ["DATABASE_URL"].removeprefix("sqlite:///")
    url, token = running_app.url, cast.owner.token()

    def sign_in() -> int:
        asked = urllib.request.Request(
            f"{url}/api/token/", b'{"username": "a", "password": "b"}', {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other, ThreadPoolExecutor(8) as pool:
        other.execute("BEGIN IMMEDIATE")
        writers = [pool.submit(sign_in) for _ in range(8)]
        wait_for(lambda: sum(writer.done() for writer in writers) == 6, "those who can't be kept waiting are told so")
        reading = probe(f"{url}/api/customers/", token, 10, deadline=10)
        at_once = sign_in()
        waiting = [writer for writer in writers if not writer.done()]
        other.execute("ROLLBACK")

    assert reading.lost == []
    assert at_once == 503
    assert [writer.result() for writer in waiting] == [401, 401]
    assert sorted(writer.result() for writer in writers) == [401, 401, *[503] * 6]
