"""Slow clients: how fast others are answered while 200 clients of each kind hold connections.

`python bench/slow_clients.py URL [COOKIE]` measures a server that runs already.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.slow import KINDS, Probe, probe, slow_clients  # noqa: E402

CLIENTS, PROBES, PAUSE, DEADLINE = 200, 30, 0.2, 10.0


def measure(url: str, headers: dict[str, str], page: str, clients: int = CLIENTS) -> None:
    """Print p50 and p95 of /up and of a page, and how many were lost, with each kind of slow clients."""
    sys.stdout.write(f"\n{clients} slow clients\n")
    for name, kind in KINDS.items():
        with slow_clients(url, kind, clients) as connected:
            time.sleep(1 + clients / 100)
            found = _ask([url + path for path in ("/up", page)], headers)
            line = ", ".join(
                f"{path} p50 {each.percentile(0.5):.3f} p95 {each.percentile(0.95):.3f} s, {len(each.lost)} lost"
                for path, each in zip(("/up", page), found, strict=True)
            )
            sys.stdout.write(f"{name:<16} {connected():>4} connected: {line}\n")
            sys.stdout.flush()


def _ask(urls: list[str], headers: dict[str, str]) -> list[Probe]:
    with ThreadPoolExecutor(len(urls)) as pool:
        return list(pool.map(lambda url: probe(url, headers, PROBES, DEADLINE, PAUSE), urls))


if __name__ == "__main__":
    measure(sys.argv[1], {"Cookie": sys.argv[2]} if len(sys.argv) > 2 else {}, "/")
