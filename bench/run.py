"""`make bench`: the product beside the seed's application, on SQLite and PostgreSQL, as ratios within one run.

SIZE=1000000 adds a million customers to the 10,000 and 100,000. BENCH_SEED is the folder of the seed's application and
the driver. With BENCH_DIR the data stays there for the next run; else nothing stays.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import collection, delivery, imports, intake, loyalty, mail, scores, slow_clients  # noqa: E402
from bench.load import PASSWORD, USER  # noqa: E402
from bench.targets import Bench, Target  # noqa: E402

SIZES = (10_000, 100_000)
KINDS = ("sqlite", "postgresql")


def main() -> int:
    """Measure everything and print a table; 1 when the seed's folder is not there."""
    seed = Path(os.environ.get("BENCH_SEED") or ROOT / ".." / "shared" / "bench").resolve()
    if not (seed / "http_bench.py").exists():
        sys.stderr.write(f"\n*** Nothing to compare with: {seed} is not there. Set BENCH_SEED to its folder. ***\n\n")
        return 1
    sizes = sorted({*SIZES, int(os.environ.get("SIZE") or SIZES[0])})
    given = os.environ.get("BENCH_DIR")
    directory = Path(given or tempfile.mkdtemp(prefix="crm-bench-")).resolve()
    directory.mkdir(exist_ok=True)
    directory.chmod(0o711)  # the user that PostgreSQL runs as has to pass
    bench = Bench(directory, seed)
    try:
        figures = {(kind, size): _measure(bench, kind, size) for kind in KINDS for size in sizes}
        _compare_sizes(figures, sizes)
        _slow_clients(bench)
        delivery.compare(bench, max(sizes))
        intake.compare(bench)
        collection.compare(bench)
        imports.compare(bench)
        scores.compare(bench)
        loyalty.compare(bench)
        mail.compare(bench)
    finally:
        bench.close()
        if not given:
            shutil.rmtree(directory, ignore_errors=True)
    return 0


def _measure(bench: Bench, kind: str, size: int, count: int = 0) -> dict[str, float]:
    """Print the figures of one size on one database; return the medians of ours in milliseconds."""
    ours, deep = bench.ours(kind, size)
    theirs = bench.theirs(kind, size)
    try:
        token, next_page = _sign_in_to_api(ours)
        count = count or (100 if size < 1_000_000 else 30)
        rows = _drive(bench, ours, theirs, [*_pages(size, deep, next_page), *CREATE, *token], count)
        # While somebody types, the page asks for the results alone.
        rows += _drive(bench, ours, theirs, [*_asked(_searches("live ")), *AS_HTMX], count)
        rows += _drive(bench, ours, theirs, [*UNCHECKED], count)
        sys.stdout.write(f"\n{kind}, {size:,} customers\n{HEADING}\n")
        for page in dict.fromkeys(row["page"] for row in rows):
            both = {row["target"]: row for row in rows if row["page"] == page}
            if "seed" in both:
                sys.stdout.write(_line(page, both["seed"], both["ours"]) + "\n")
        found = {row["page"]: row["p50"] for row in rows if row["target"] == "ours"}
        figures, empty = found["figures"], found["empty page"]
        sys.stdout.write(f"figures: {figures:.1f} ms, {figures / empty:.2f}x an empty page ({empty:.1f} ms)\n")
        checked, unchecked = found["create"], found["create unchecked"]
        sys.stdout.write(f"create: {checked:.1f} ms, {checked / unchecked:.2f}x one with nothing to check\n")
        filters = ", ".join(f"{name} {found[name] / found['list']:.2f}x" for name in FILTERS)
        sys.stdout.write(f"filtered, against the whole list: {filters}\n")
        sys.stdout.write(f"list, 8 clients: {_throughput(bench, ours)}; largest worker {ours.memory()} MB\n")
        return found
    finally:
        ours.web.end()
        theirs.web.end()


FILTERS = {
    "tier": "tier=gold",
    "status": "status=inactive",
    "city": "city=Rovar",
    "tier + status": "tier=gold&status=inactive",
    "city + search": "city=Rovar&q=an",
    "branch + status": "branch=1&status=inactive",
}
"""The list narrowed: each is to take no more than three times as long as the whole list."""

SEARCHES = {
    "search rare": ("Zyxwv", "Zyxwv"),
    "search common": ("Okonkwo", "Okonkwo"),
    "search two letters": ("ok", "ok"),
    "search one letter": ("z", "z"),
    "search 4417": ("4417", "4417"),
    "search number": ("9171234567", "8 917 123-45-67"),
    "search nobody": ("qqqq", "qqqq"),
}
"""By name, what is asked of the seed and of ours."""

HEADING = f"{'page':<22}{'seed p50':>10}{'p95':>10}{'ours p50':>10}{'p95':>10}{'KB':>7}{'failed':>8}{'seed/ours':>11}"


def _line(page: str, seed: dict[str, Any], ours: dict[str, Any]) -> str:
    return (
        f"{page:<22}{seed['p50']:>10.1f}{seed['p95']:>10.1f}{ours['p50']:>10.1f}{ours['p95']:>10.1f}"
        f"{ours['bytes'] / 1024:>7.0f}{seed['failed'] + ours['failed']:>8}{seed['p50'] / ours['p50']:>10.1f}x"
    )


def _sign_in_to_api(ours: Target) -> tuple[list[str], str]:
    """Return the driver's options with a token, and the path of the page after row 10,000 of the API's list."""
    asked = {"username": USER, "password": PASSWORD}
    request = urllib.request.Request(
        f"{ours.url}/api/token/", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        access = json.load(answer)["access"]
    last = urllib.request.Request(f"{ours.url}/api/customers/?page=500", headers={"Authorization": f"Bearer {access}"})
    with urllib.request.urlopen(last) as answer:
        beyond = json.load(answer)["next"] or "/api/customers/"
    return ["--header", f"ours:Authorization: Bearer {access}"], "/api/" + beyond.partition("/api/")[2]


def _pages(size: int, deep: str, beyond: str) -> list[str]:
    pages = ["seed:list=/?page=1", "ours:list=/"]
    pages += [f"seed:list half-way=/?page={size // 100}", f"ours:list half-way=/?after={deep}"]
    pages += _searches("")
    pages += ["seed:API list=/?page=1", "ours:API list=/api/customers/"]
    pages += [f"seed:API after row 10,000=/?page={min(501, size // 20)}", f"ours:API after row 10,000={beyond}"]
    pages += [f"seed:customer=/customer/{{i%{size}}}/", f"ours:customer=/customers/{{i%{size}}}"]
    pages += [f"ours:{name}=/?{query}" for name, query in FILTERS.items()]
    # The seed has nothing like them.
    pages += ["ours:figures=/reports", "ours:empty page=/account/password"]
    return _asked(pages)


def _searches(word: str) -> list[str]:
    """Return the searches as pages; each is named with `word` before it."""
    return [
        page
        for name, (seed, ours) in SEARCHES.items()
        for page in (f"seed:{word}{name}=/?search={seed}&page=1", f"ours:{word}{name}=/?q={ours.replace(' ', '+')}")
    ]


def _asked(pages: list[str]) -> list[str]:
    return [part for page in pages for part in ("--path", page)]


AS_HTMX = ("--header", "ours:HX-Request: true")
CREATE = (
    *("--post", "seed:create=/customer/create/", "--post", "ours:create=/customers/new"),
    *("--data", "name=Bench {i}", "--data", "email=bench{i}@example.com", "--data", "address=1 Street"),
    *("--data", "phone=+79{i}", "--data", "phone_number=+79{i}", "--data", "idempotency_key=bench-{i}"),
)
UNCHECKED = (
    *("--post", "ours:create unchecked=/customers/new"),
    *("--data", "name=Bench {i}", "--data", "address=1 Street", "--data", "idempotency_key=unchecked-{i}"),
)
"""A customer without anything by which they may be another one."""


def _drive(bench: Bench, ours: Target, theirs: Target, pages: list[str], count: int) -> list[dict[str, Any]]:
    out = bench.directory / "figures.jsonl"
    out.unlink(missing_ok=True)
    command = [sys.executable, str(bench.seed / "http_bench.py"), "--out", str(out), "-n", str(count), *pages]
    command += ["--base", f"seed={theirs.url}", "--base", f"ours={ours.url}"]
    command += ["--login", "ours:/login", "--login-field", f"username={USER}", "--login-field", f"password={PASSWORD}"]
    # Nine digits: with +79 before them they are a number of the organization's region, and another in every run.
    done = subprocess.run(
        [*command, "--first-i", str(100_000_000 + os.getpid() * 100 % 800_000_000)],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return [json.loads(line) for line in out.read_text().splitlines()]


def _throughput(bench: Bench, ours: Target) -> str:
    if shutil.which("wrk") is None:
        return "wrk is not there, not measured"
    done = subprocess.run(
        ["wrk", "-t2", "-c8", "-d8s", "-H", f"Cookie: {_cookies(bench, ours)}", f"{ours.url}/"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"Requests/sec: +([\d.]+)", done.stdout)
    refused = re.search(r"Non-2xx.*", done.stdout)
    return f"{found[1] if found else '?'} requests/s" + (f" ({refused[0]})" if refused else "")


def _slow_clients(bench: Bench, clients: int = slow_clients.CLIENTS) -> None:
    """Print how others are answered while many slow clients of each kind hold connections."""
    ours, _ = bench.ours(KINDS[0], SIZES[0])
    try:
        slow_clients.measure(ours.url, {"Cookie": _cookies(bench, ours)}, "/", clients)
    finally:
        ours.web.end()


def _cookies(bench: Bench, ours: Target) -> str:
    """Sign in and return the cookies."""
    sys.path.insert(0, str(bench.seed))
    sys.dont_write_bytecode = True
    import http_bench

    client = http_bench.Client(ours.url, {})
    _, page = client.request("GET", "/login")
    fields = http_bench.hidden_inputs(page) | {"username": USER, "password": PASSWORD}
    body = "&".join(f"{name}={http_bench.urllib.parse.quote(value)}" for name, value in fields.items())
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"{ours.url}/login"}
    client.request("POST", "/login", body, headers)
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


def _compare_sizes(figures: dict[tuple[str, int], dict[str, float]], sizes: list[int]) -> None:
    small, large = sizes[0], sizes[-1]
    sys.stdout.write(f"\nours, {large:,} customers against {small:,}, and the list half-way against its first page\n")
    for kind in KINDS:
        first, last = figures[kind, small], figures[kind, large]
        growth = ", ".join(f"{page} {last[page] / first[page]:.2f}x" for page in first)
        sys.stdout.write(f"{kind}: {growth}; half-way {last['list half-way'] / last['list']:.2f}x\n")


if __name__ == "__main__":
    sys.exit(main())
