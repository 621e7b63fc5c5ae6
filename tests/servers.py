"""Child processes for the tests, and what it takes to wait for them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import boto3
import psutil
import pytest

from crm.programs import processes
from tests import warm

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
S3_KEY, S3_SECRET = "key", "secret"


@dataclass(frozen=True)
class Process:
    """A child process with its output in a file."""

    popen: subprocess.Popen[bytes] | warm.Forked
    log: Path

    @classmethod
    def start(cls, command: list[str], log: Path, environ: Mapping[str, str], cwd: Path = ROOT) -> Process:
        """Start `command` in the checkout, its output appended to `log`."""
        with log.open("ab") as output:
            popen = subprocess.Popen(
                command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                start_new_session=True,
                preexec_fn=processes.die_with_parent,
            )
        return cls(popen, log)

    @classmethod
    def fork(cls, command: list[str], log: Path, environ: Mapping[str, str]) -> Process:
        """Start a command as `start` does, by a process that has imported the product before."""
        log.touch()
        return cls(warm.fork(command, environ, log, log), log)

    @property
    def output(self) -> str:
        """What the process has written so far."""
        return self.log.read_text(errors="replace")

    def wait_until(self, condition: Callable[[], Any], what: str, timeout: float = 20) -> None:
        """Wait for `condition`; AssertionError with the output when the process ends or time runs out first."""
        deadline = time.monotonic() + timeout
        while not condition():
            if self.popen.poll() is not None:
                raise AssertionError(f"{what}: it ended with {self.popen.returncode}\n{self.output}")
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {timeout:g} s\n{self.output}")
            time.sleep(0.02)

    def stop(self, timeout: float = 15) -> int:
        """Send TERM and return the exit code; AssertionError when it takes longer than `timeout` seconds."""
        self.popen.terminate()
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end within {timeout:g} s of TERM\n{self.output}") from None

    def kill(self) -> None:
        """Kill it with -9, and nothing else; its children stay."""
        self.popen.kill()
        self.popen.wait()

    def end(self) -> None:
        """End it and its children at once."""
        with contextlib.suppress(psutil.NoSuchProcess):
            processes.end([psutil.Process(self.popen.pid)], timeout=0)
        self.popen.poll()


def cannot_run(part: str, reason: str) -> NoReturn:
    """Fail the test, loudly, because a part of the machine is missing; with ALLOW_SKIPS=1 skip it."""
    sentence = f"{part} cannot run here: {reason} `make test` sets it up, or says what to install."
    if os.environ.get("ALLOW_SKIPS") == "1":
        pytest.skip(sentence)
    pytest.fail(f"{sentence} ALLOW_SKIPS=1 leaves it out.", pytrace=False)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], what: str, timeout: float = 20) -> Any:
    """Return the first true answer of `condition`; AssertionError naming `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout:g} s")
        time.sleep(0.02)
    return answer


def answers(url: str) -> bool:
    """Whether an HTTP server answers at `url`, with whatever status."""
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@contextlib.contextmanager
def s3_api(log: Path, bucket: str) -> Iterator[str]:
    """Run an S3 API with an empty bucket and yield its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = Process.start([str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)], log, os.environ)
    try:
        process.wait_until(lambda: answers(url), "the S3 API answers")
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=S3_KEY,
            aws_secret_access_key=S3_SECRET,
        )
        client.create_bucket(Bucket=bucket)
        yield url
    finally:
        process.end()


def find_chromium() -> str | None:
    """Return the system's Chromium, or None; the one without windows takes a third of the time."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)
