"""The two applications that are measured side by side: ours and the seed's, each behind two gunicorn workers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.postgres import PLACE, PostgresServer
from tests.product import flask, installation, read_procfile
from tests.servers import ROOT, Process, answers, free_port

SEED_PACKAGES = ("django", "gunicorn", "psycopg[binary]", "pillow")


@dataclass(frozen=True)
class Target:
    """An application that answers."""

    url: str
    web: Process

    def memory(self) -> int:
        """Return the resident memory of its largest worker, in MB."""
        workers = psutil.Process(self.web.popen.pid).children(recursive=True)
        return max(worker.memory_info().rss for worker in workers) // 2**20


class Bench:
    """Where the data is, and the seed's folder. What was loaded before is used again."""

    def __init__(self, directory: Path, seed: Path) -> None:
        self.directory, self.seed = directory, seed
        self._postgres: PostgresServer | None = None

    def close(self) -> None:
        """Stop the servers."""
        if self._postgres is not None:
            self._postgres.stop()

    def ours(self, kind: str, size: int) -> tuple[Target, str]:
        """Start the product with `size` customers; return it and a cursor half-way down its list."""
        name = f"ours_{size}"
        environ = installation(self._database(kind, name), self.directory) | {
            "WEB_CONCURRENCY": "2",
            "API_REQUESTS_PER_MINUTE": "1000000",
        }
        loaded = self.directory / f"{kind}_{name}.json"
        if not loaded.exists():
            _tell(f"{kind}: loading {size:,} customers into the product")
            flask(environ, "db", "upgrade")
            command = [sys.executable, str(ROOT / "bench" / "load.py"), str(size)]
            done = subprocess.run(
                command, env=environ | {"BENCH_SEED": str(self.seed)}, stdout=subprocess.PIPE, check=True, text=True
            )
            loaded.write_text(done.stdout)
        web = Process.start(["sh", "-c", f"exec {read_procfile(ROOT)['web']}"], self.directory / "ours.log", environ)
        return _answering(environ["PUBLIC_URL"], web, "/up"), json.loads(loaded.read_text())["deep"]

    def empty_installation(self, kind: str, name: str) -> dict[str, str]:
        """Return the settings of an installation whose database is new."""
        if kind == "sqlite":
            for path in self.directory.glob(f"{name}.db*"):
                path.unlink()
            url = f"sqlite:///{self.directory / name}.db"
        else:
            url = self._server().create_database(name)
        return installation(url, self.directory)

    def theirs(self, kind: str, size: int) -> Target:
        """Start the seed's application with the same customers."""
        name, python = f"seed_{size}", self._python()
        environ = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self.directory)}
        environ |= self._seed_database(kind, name)
        loaded, folder = self.directory / f"{kind}_{name}.loaded", self.seed / "seed_django"
        if not loaded.exists():
            _tell(f"{kind}: loading {size:,} customers into the seed's application")
            subprocess.run([python, "manage.py", "seed", str(size)], env=environ, cwd=folder, check=True)
            loaded.touch()
        port = free_port()
        command = [python, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", "--timeout", "600", "wsgi"]
        web = Process.start(command, self.directory / "seed.log", environ, folder)
        return _answering(f"http://127.0.0.1:{port}", web, "/customer/create/")

    def _database(self, kind: str, name: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{self.directory / name}.db"
        server = self._server()
        with server.connect() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        return server.url(name) if known else server.create_database(name)

    def _seed_database(self, kind: str, name: str) -> dict[str, str]:
        if kind == "sqlite":
            return {"SEED_DB": f"sqlite:{self.directory / name}.db"}
        self._database(kind, name)
        return {"SEED_DB": f"postgres:{name}", "PGHOST": "127.0.0.1", "PGPORT": str(self._server().port)}

    def _server(self) -> PostgresServer:
        if self._postgres is None:
            directory, port = self.directory / "postgres", self.directory / "postgres.port"
            if port.exists():
                self._postgres = PostgresServer(directory, int(port.read_text()))
                self._postgres.start()
            else:
                # PostgreSQL's own settings, as its packages come; nothing tuned.
                self._postgres = PostgresServer.create(directory, PLACE)
                port.write_text(str(self._postgres.port))
        return self._postgres

    def _python(self) -> str:
        folder = self.directory / "seed-environment"
        python = folder / "bin" / "python"
        if not python.exists():
            _tell("installing what the seed's application needs")
            venv.create(folder, with_pip=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *SEED_PACKAGES], check=True)
        return str(python)


def alone(compare: Callable[[Bench], None]) -> None:
    """Run one comparison by itself, with the seed's folder BENCH_SEED; nothing of it stays."""
    seed = Path(os.environ.get("BENCH_SEED") or ROOT / ".." / "shared" / "bench").resolve()
    directory = Path(tempfile.mkdtemp(prefix="crm-bench-"))
    directory.chmod(0o711)
    bench = Bench(directory, seed)
    try:
        compare(bench)
    finally:
        bench.close()
        shutil.rmtree(directory, ignore_errors=True)


def _answering(url: str, web: Process, path: str) -> Target:
    web.wait_until(lambda: answers(url + path), f"{url} answers", timeout=60)
    return Target(url, web)


def _tell(sentence: str) -> None:
    sys.stderr.write(f"-- {sentence}\n")
