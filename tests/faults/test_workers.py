"""Workers that are killed, frozen, ended, or have a clock of their own: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import pytest

from crm.providers.twilio.gateway import Twilio
from tests.faults import runs
from tests.faults.fake import Fake
from tests.faults.invariants import check
from tests.messages.shop import Shop
from tests.servers import Process, wait_for

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CLOCK = Path(__file__).parent / "wrong_clock"


@POSTGRESQL
@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.long)])
def test_four_workers_one_killed_every_two_seconds(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path, count: int
) -> None:
    killed_every_two_seconds(shop, fake, environ, tmp_path, count, 4)


@SQLITE
@pytest.mark.parametrize("count", [200, pytest.param(500, marks=pytest.mark.long)])
def test_one_worker_killed_every_two_seconds(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path, count: int
) -> None:
    killed_every_two_seconds(shop, fake, environ, tmp_path, count, 1)


def killed_every_two_seconds(
    shop: Shop, fake: Fake, environ: dict[str, str], directory: Path, count: int, workers: int
) -> None:
    runs.load(shop, count, text="{hang_after 0.3}")
    kills, submitting, done = 0, 0, 0
    with runs.crew(environ, directory, workers) as crew:

        def kill() -> None:
            nonlocal kills, submitting, done
            found = runs.states(shop)
            submitting = max(submitting, runs.most_submitting(shop))
            # On a busy machine workers need longer than that to begin, and would die for nothing for ever.
            if found["accepted"] > done:
                crew.replace_oldest(Process.kill)
                kills, done = kills + 1, found["accepted"]

        runs.wait_for_the_end(shop, 60 + count / 20, disturb=kill)

    found = check(shop, fake, count=count)
    assert set(found) <= {"accepted", "unconfirmed"}
    assert kills >= 1
    assert submitting <= Twilio.max_calls, "no more rows of a worker are submitting than its calls in flight"
    assert found["unconfirmed"] <= kills * Twilio.max_calls, "no more than were in flight when killed"
    report(count=count, workers=workers, kills=kills, **found)


@POSTGRESQL
def test_a_storm_of_signals(shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path) -> None:
    runs.load(shop, 200, text="{hang_after 0.3}")
    with runs.crew(environ, tmp_path, 2) as crew:
        wait_for(lambda: fake.accepted(), "messages go out")

        def storm() -> None:
            for _ in range(5):
                crew.at_work[0].popen.send_signal(signal.SIGTERM)
            crew.replace_oldest(Process.stop)

        runs.wait_for_the_end(shop, 60, every=1, disturb=storm)
        assert crew.no_traceback()

    assert check(shop, fake, count=200) == {"accepted": 200}, "who is asked to end finishes what it has begun"


@POSTGRESQL
def test_a_worker_frozen_past_its_lease_and_thawed(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path
) -> None:
    runs.load(shop, 150, text="{hang_after 1}")
    with runs.crew(environ, tmp_path, 1) as crew:
        sleeper = crew.at_work[0]
        sleeper.wait_until(fake.accepted, "messages go out")
        sleeper.popen.send_signal(signal.SIGSTOP)
        crew.start()
        runs.wait_for_the_end(shop, 60)
        before = runs.states(shop)
        sent = len(fake.accepted())

        sleeper.popen.send_signal(signal.SIGCONT)
        wait_for(lambda: "answer after the lease" in sleeper.output, "its answers are refused")
        time.sleep(1)

    assert len(fake.accepted()) - sent <= Twilio.max_calls, "only calls that were under way reach the provider later"
    assert check(shop, fake, count=150) == before
    assert before["unconfirmed"] <= Twilio.max_calls


@POSTGRESQL
@pytest.mark.parametrize("offset", [300, -300])
def test_a_worker_whose_clock_is_five_minutes_wrong(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path, offset: int
) -> None:
    runs.load(shop, 60)
    runs.load(shop, 60, due_in=8)
    with runs.crew(environ, tmp_path, 0) as crew:
        crew.start(PYTHONPATH=str(CLOCK), CLOCK_OFFSET=str(offset))
        crew.start()
        runs.wait_for_the_end(shop, 60)
        assert crew.no_traceback()

    assert check(shop, fake, count=120) == {"accepted": 120}


def report(**figures: object) -> None:
    """Print the figures of a run, for `make faults`."""
    sys.stdout.write(" ".join(f"{name}={value}" for name, value in figures.items()) + "\n")
