"""The product as it runs: an installation's settings, its commands, its web process."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crm.programs.run import read_procfile
from tests import warm
from tests.servers import BIN, ROOT, Process, answers, free_port

SECRET_KEY = "for-the-tests-alone-0123456789abcdef"


@dataclass(frozen=True)
class RunningApp:
    """The product behind gunicorn: where it answers, and the settings to start a worker with."""

    url: str
    environ: dict[str, str]
    web: Process


def installation(database_url: str, directory: Path) -> dict[str, str]:
    """Return the settings of an installation with its files in `directory`, as a whole environment."""
    port = free_port()
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(directory),
        "LANG": "C.UTF-8",
        "SECRET_KEY": SECRET_KEY,
        "DATABASE_URL": database_url,
        "STORAGE_URL": (directory / "storage").as_uri(),
        "BACKUP_URL": (directory / "backups").as_uri(),
        "BACKUP_SCHEDULE": "off",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
        "WEB_CONCURRENCY": "1",
        "MESSAGE_CONSOLE_ORDERS": "1",
    }


def flask(environ: Mapping[str, str], *arguments: str, given: str = "") -> str:
    """Run `flask --app wsgi ARGUMENTS…` and return what it printed; AssertionError when it fails."""
    with tempfile.TemporaryDirectory() as directory:
        output, errors = Path(directory, "output"), Path(directory, "errors")
        code = warm.fork([str(BIN / "flask"), "--app", "wsgi", *arguments], environ, output, errors, given).wait()
        if code:
            raise AssertionError(f"{arguments} ended with {code}\n{output.read_text()}{errors.read_text()}")
        return output.read_text()


def serve(environ: dict[str, str], log: Path) -> RunningApp:
    """Start the Procfile's web process with `environ` and return it once it answers."""
    command = ["sh", "-c", f"printf '%s\\n' {read_procfile(ROOT)['web']}"]
    program, *arguments = subprocess.check_output(command, env=environ, text=True).splitlines()
    web = Process.fork([str(BIN / program), *arguments], log, environ)
    url = environ["PUBLIC_URL"]
    web.wait_until(lambda: answers(f"{url}/up"), "the web process answers")
    return RunningApp(url, environ, web)
