"""A process that has imported the product and forks its commands: importing takes longer than most of them do.

`fork` runs a script of Python (`flask`, `gunicorn`) or a module (`-m NAME`) as a process of its own, from the checkout
and in the environment that is given alone. What was done before: the importing, and what is the same for every
application (statements verified, rules and templates compiled). A test that has to see that uses `Process.start`.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from crm.features import FEATURES
from crm.kernel import fail_points, manifest
from crm.kernel.tenancy import init_tenancy, verify_tenancy
from crm.programs import processes
from crm.web.ids import IdConverter
from tests import compiled

ROOT = Path(__file__).resolve().parent.parent
IMPORTED = (
    *("flask.cli", "flask_migrate", "alembic.command", "logging.config", "rq", "PIL.Image", "psycopg"),
    *("gunicorn.app.wsgiapp", "gunicorn.arbiter", "crm.programs.serving.gunicorn_worker", "gunicorn.glogging"),
    *(
        "sqlalchemy.dialects.postgresql.psycopg",
        "sqlalchemy.dialects.sqlite.pysqlite",
        "crm.programs.server",
        "crm.programs.worker",
    ),
)


@dataclass
class Forked:
    """A forked command: what subprocess.Popen is of others."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        if self.returncode is None:
            self.returncode = _ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; subprocess.TimeoutExpired when it takes longer."""
        deadline = time.monotonic() + (timeout or 3_600)
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.005)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send TERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send KILL."""
        self.send_signal(signal.SIGKILL)


def fork(command: list[str], environ: Mapping[str, str], output: Path, errors: Path, given: str = "") -> Forked:
    """Run a command; what it writes is appended to files, and `given` is what it reads."""
    words = {"command": command, "environ": dict(environ), "output": str(output), "errors": str(errors)}
    return Forked(_ask({**words, "given": given}))


_lock = threading.Lock()
_templates: list[str] = []


def keep_templates(directory: Path) -> None:
    """Let the processes have the templates that others have compiled."""
    _templates[:] = [str(directory)]


@functools.cache
def _channel() -> Any:
    ours, theirs = socket.socketpair()
    subprocess.Popen(
        [sys.executable, "-m", "tests.warm", str(theirs.fileno()), *_templates],
        pass_fds=[theirs.fileno()],
        cwd=ROOT,
        preexec_fn=processes.die_with_parent,
    )
    theirs.close()
    return ours.makefile("rw")


def _ask(question: dict[str, Any]) -> Any:
    with _lock:
        channel = _channel()
        channel.write(json.dumps(question) + "\n")
        channel.flush()
        return json.loads(channel.readline())


# What follows is the process itself.

_ended: dict[int, int] = {}


def _serve(descriptor: int) -> dict[str, Any] | None:
    """Fork what is asked for; return in each child what it has to be, and in the process itself None at the end."""
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rw") as channel:
        for line in channel:
            question: dict[str, Any] = json.loads(line)
            if "ended" in question:
                answer = _ended.get(question["ended"])
            else:
                answer = os.fork()
                if answer == 0:
                    return question
            channel.write(json.dumps(answer) + "\n")
            channel.flush()
    return None


def _reap(*_: object) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _ended[ended[0]] = os.waitstatus_to_exitcode(ended[1])


def _be(command: list[str], environ: dict[str, str], output: str, errors: str, given: str) -> None:
    """Be the command, as if the interpreter had just begun with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    processes.die_with_parent()
    os.environ.clear()
    os.environ.update(environ)
    time.tzset()
    fail_points._NAMED = environ.get("CRM_FAIL_POINT")
    read, write = os.pipe()
    os.write(write, given.encode())
    os.close(write)
    os.dup2(read, 0)
    for descriptor, path in ((1, output), (2, errors)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    os._exit(_run(command))


def _run(command: list[str]) -> int:
    """Run it to its end and return the exit code; what is imported is not taken apart, which takes a second."""
    code = 0
    try:
        if command[0] == "-m":
            sys.argv = command[1:]
            runpy.run_module(command[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv, sys.path[0] = command, str(Path(command[0]).parent)
            runpy.run_path(command[0], run_name="__main__")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _learn(templates: str = "") -> None:
    """Do once what each application would do anew; nothing here is of an installation."""
    if templates:
        Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(templates)}
    compiled.share_rules()
    app = Flask("crm")
    app.url_map.converters["id"] = IdConverter
    manifest.init_app(app, FEATURES)
    init_tenancy()
    for url in ("sqlite://", "postgresql+psycopg://"):
        verify_tenancy(sa.create_engine(url))


if __name__ == "__main__":
    for name in IMPORTED:
        importlib.import_module(name)
    _learn(*sys.argv[2:])
    gc.freeze()  # children share what they leave alone
    signal.signal(signal.SIGCHLD, _reap)
    asked = _serve(int(sys.argv[1]))
    if asked:
        _be(**asked)
