"""What every test can ask for: real servers, databases of both kinds, the application on them, its processes."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import flask_migrate
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from crm import create_app
from crm.kernel.extensions import db
from crm.programs.redis_server import RedisServer, find_redis, start_redis
from crm.providers.smtp import connections
from tests import applications, compiled, servers, warm
from tests.factories import Cast, make_cast
from tests.messages.sink import Sink
from tests.postgres import SURE, PostgresServer
from tests.product import RunningApp, installation, serve
from tests.servers import Process

RUN_DIRECTORY = pytest.StashKey[Path]()
BOTH = ("sqlite", "postgresql")


# One test run: a folder and a PostgreSQL that all its processes share.


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of the run; TERM ends a run as Ctrl-C does, so that the servers are stopped."""
    compiled.share_rules()
    worker = getattr(config, "workerinput", None)
    if worker:
        config.stash[RUN_DIRECTORY] = Path(worker["run_directory"])
        warm.keep_templates(config.stash[RUN_DIRECTORY] / "templates")
        return
    directory = Path(tempfile.mkdtemp(prefix="crm-tests-"))
    directory.chmod(0o711)  # the user that PostgreSQL runs as has to pass
    config.stash[RUN_DIRECTORY] = directory
    (directory / "templates").mkdir()
    warm.keep_templates(directory / "templates")
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays for the whole run, for every test leaves an application to it."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Run one process more than there are processors: many tests wait for a worker, a lease or a browser."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Tell a process of pytest-xdist which run it belongs to."""
    node.workerinput["run_directory"] = str(node.config.stash[RUN_DIRECTORY])  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the PostgreSQL of the run and remove its folder, once, after all processes are done."""
    if hasattr(config, "workerinput") or RUN_DIRECTORY not in config.stash:
        return
    directory = config.stash[RUN_DIRECTORY]
    started = directory / "postgres.json"
    if started.exists():
        PostgresServer(directory / "postgres", json.loads(started.read_text())).stop("immediate")
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> PostgresServer:
    """One PostgreSQL for the whole run, started by whoever needs it first."""
    directory = pytestconfig.stash[RUN_DIRECTORY]
    started = directory / "postgres.json"
    with (directory / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if started.exists():
            return PostgresServer(directory / "postgres", json.loads(started.read_text()))
        server = PostgresServer.create(directory / "postgres")
        started.write_text(json.dumps(server.port))
        return server


@pytest.fixture
def own_postgres(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """A PostgreSQL of the test's own, to stop, crash and start again."""
    directory = Path(tempfile.mkdtemp(prefix="own-", dir=pytestconfig.stash[RUN_DIRECTORY]))
    directory.chmod(0o711)
    server = PostgresServer.create(directory / "postgres", SURE)
    yield server
    with contextlib.suppress(AssertionError):  # it may be stopped already
        server.stop("immediate")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A real Redis for this process of the run."""
    program = find_redis()
    if program is None:
        servers.cannot_run("Redis", "redis-server was not found.")
    server = start_redis(program, tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """The address of an empty Redis."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushall()
    return redis_server.url


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 API with the bucket `receipts`."""
    with servers.s3_api(tmp_path_factory.mktemp("s3") / "log", bucket="receipts") as url:
        yield url


@pytest.fixture
def s3_environ(s3_server: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings that keep receipts in the bucket, under a prefix of the test's own."""
    return {
        "STORAGE_URL": f"s3://receipts/test/{abs(hash(request.node.nodeid))}",
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": servers.S3_KEY,
        "AWS_SECRET_ACCESS_KEY": servers.S3_SECRET,
        "AWS_REGION": "us-east-1",
    }


# Databases: migrated once per process of the run, and empty for every test.


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "crm.db"
    migrate(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """The name of a migrated PostgreSQL database that belongs to this process of the run."""
    name = f"crm_{worker_id}"
    migrate(postgres_server.create_database(name), tmp_path_factory.mktemp("migrate"))
    return name


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty database, once of each kind.

    A test of one kind alone says `@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)`.
    """
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "crm.db")
        return f"sqlite:///{path}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name: str = request.getfixturevalue("postgres_database")
    server.empty(name, applications.connections())
    return server.url(name)


# The product.


@pytest.fixture
def environ(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The settings of one installation, without Redis; also the environment of its processes."""
    return installation(database_url, tmp_path)


@pytest.fixture(scope="session")
def compiled_templates(pytestconfig: pytest.Config) -> FileSystemBytecodeCache:
    """The templates, compiled once for the whole run: every test has an application of its own."""
    return FileSystemBytecodeCache(str(pytestconfig.stash[RUN_DIRECTORY] / "templates"))


@pytest.fixture
def app(environ: dict[str, str], tmp_path: Path, compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The application, with an empty database of each kind."""
    with applications.lent(environ, tmp_path / "instance", compiled_templates) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript that nobody is signed in to; forms need no token."""
    return app.test_client()


@pytest.fixture
def worker_process(tmp_path: Path) -> Iterator[Callable[[dict[str, str]], Process]]:
    """A function that starts a real worker with the given settings; all of them end with the test."""
    started: list[Process] = []

    def start(environ: dict[str, str]) -> Process:
        log = tmp_path / f"worker-{len(started)}.log"
        started.append(Process.fork([str(servers.BIN / "flask"), "--app", "wsgi", "worker"], log, environ))
        return started[-1]

    yield start
    for process in started:
        process.end()


@pytest.fixture
def running_app(environ: dict[str, str], tmp_path: Path) -> Iterator[RunningApp]:
    """The product behind a real gunicorn with an empty database of each kind."""
    running = serve(environ, tmp_path / "web.log")
    yield running
    running.web.end()


def migrate(database_url: str, directory: Path) -> None:
    """Bring a database to the newest migration."""
    app = create_app(installation(database_url, directory), directory)
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()


@pytest.fixture
def sink() -> Iterator[Sink]:
    """A mail server of the test's own."""
    found = Sink()
    found.controller.start()
    found.dialogues = 0  # it tried whether it listens
    yield found
    found.controller.stop()
    connections._kept.clear()


@pytest.fixture
def cast(app: Flask) -> Cast:
    """The owner, manager, staff and viewer of a shop, and a stranger who owns another organization."""
    return make_cast(app)
