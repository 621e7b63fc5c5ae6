"""The product as it runs: an installation's settings, its commands, its web process."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm.run import read_procfile
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
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "WARNING",
        "WEB_CONCURRENCY": "1",
    }


def flask(environ: Mapping[str, str], *arguments: str, **options: Any) -> str:
    """Run `flask --app wsgi ARGUMENTS…` and return what it printed; AssertionError when it fails."""
    command = [str(BIN / "flask"), "--app", "wsgi", *arguments]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise AssertionError(f"{arguments} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def serve(environ: dict[str, str], log: Path) -> RunningApp:
    """Start the Procfile's web process with `environ` and return it once it answers."""
    web = Process.start(["sh", "-c", f"exec {read_procfile(ROOT)['web']}"], log, environ)
    url = environ["PUBLIC_URL"]
    web.wait_until(lambda: answers(f"{url}/up"), "the web process answers")
    return RunningApp(url, environ, web)
