"""Every part of `make bench` runs to its end, in a tiny size; the figures of such a size say nothing."""

from __future__ import annotations

import http.server
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import collection, delivery, imports, intake, loyalty, mail, run, scores, slow_clients
from bench.targets import Bench, Target
from tests.servers import ROOT

KINDS = ("sqlite", "postgresql")
SIZE = 200


@pytest.fixture(scope="module")
def bench(pytestconfig: pytest.Config) -> Iterator[Bench]:
    """The benchmarks' data, in a folder of its own."""
    seed = Path(os.environ.get("BENCH_SEED") or ROOT / ".." / "shared" / "bench").resolve()
    if not (seed / "http_bench.py").exists():
        pytest.skip(f"{seed} is not there, so there is nothing to compare with. BENCH_SEED says where it is.")
    with tempfile.TemporaryDirectory(prefix="crm-bench-") as directory:
        os.chmod(directory, 0o711)
        bench = Bench(Path(directory), seed)
        yield bench
        bench.close()


@pytest.fixture
def other() -> Iterator[str]:
    """In place of the seed's application, a server that has a page and a form at every address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = b'<form><input type="hidden" name="csrf" value="1"></form>'
        self.send_response(200)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        pass


def test_collection(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ROWS", str(SIZE))
    collection.compare(bench)
    said = capsys.readouterr().out
    assert all(f"{kind}, scan over {SIZE} leads" in said for kind in KINDS)


def test_imports(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ROWS", str(SIZE))
    imports.compare(bench)
    said = capsys.readouterr().out
    assert all(f"{kind}, half are there, undo" in said for kind in KINDS)


def test_scores(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CUSTOMERS", str(SIZE))
    scores.compare(bench)
    said = capsys.readouterr().out
    assert all(f"{kind}, {SIZE} customers" in said and f"{kind}, next night" in said for kind in KINDS)


def test_loyalty(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CUSTOMERS", str(SIZE))
    monkeypatch.setenv("ENTRIES", "20")
    loyalty.compare(bench)
    said = capsys.readouterr().out
    assert all(f"{kind}, expire: {SIZE} customers" in said for kind in KINDS)
    assert all(f"{kind}, expire again: 0 customers" in said for kind in KINDS)
    assert all(f"{kind}, redeem, 20 entries" in said for kind in KINDS)


def test_mail(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LETTERS", "20")
    mail.compare(bench)
    said = capsys.readouterr().out
    assert all(f"{kind}, 20 letters by one worker" in said for kind in KINDS)


def test_intake(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for name, value in (("JUDGED", 60), ("TIMED", 100), ("SEEDS", (1,))):
        monkeypatch.setattr(intake, name, value)
    intake.compare(bench)
    said = capsys.readouterr().out
    assert all(f"\n{kind}: " in said for kind in KINDS)


def test_delivery(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    delivery.compare(bench, 30, delivery.Sizes(due=20, spread=10, before=4, settle=2, jobs=20))
    said = capsys.readouterr().out
    assert all(f"ours, {kind}" in said for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_pages(
    bench: Bench, other: str, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "SIZES", (SIZE,))
    monkeypatch.setattr(Bench, "theirs", lambda *arguments: Target(other, _Nothing()))
    figures = run._measure(bench, kind, SIZE, count=2)
    run._compare_sizes({(each, SIZE): figures for each in KINDS}, [SIZE])
    said = capsys.readouterr().out
    assert f"{kind}, {SIZE} customers" in said
    assert {"list", "customer", "create", "figures"} <= set(figures)


def test_slow_clients(bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(run, "SIZES", (SIZE,))
    monkeypatch.setattr(slow_clients, "PROBES", 2)
    run._slow_clients(bench, clients=5)
    assert " 0 lost" in capsys.readouterr().out


class _Nothing:
    def end(self) -> None:
        pass
