"""Redis and PostgreSQL that die, hang, lose everything or were never there, in the middle of sending."""

from __future__ import annotations

import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from crm import create_app
from crm.kernel.extensions import db
from crm.programs.redis_server import RedisServer, find_redis, start_redis
from crm.providers.twilio.gateway import Twilio
from tests.faults import runs
from tests.faults.fake import Fake
from tests.faults.invariants import check
from tests.messages.shop import Shop
from tests.postgres import PostgresServer
from tests.product import flask, installation, serve
from tests.servers import wait_for

COUNT = 160
SLOW = "{hang_after 0.3}"


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    program = find_redis()
    assert program
    server = start_redis(program, tmp_path / "redis")
    yield server
    server.process.send_signal(signal.SIGCONT)
    server.stop()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("fault", ["flushed", "restarted", "hung", "gone"])
def test_redis_is_only_a_wake_up(
    shop: Shop, fake: Fake, environ: dict[str, str], own_redis: RedisServer, tmp_path: Path, fault: str
) -> None:
    runs.load(shop, COUNT, text=SLOW)
    environ["REDIS_URL"] = own_redis.url
    web = serve(environ, tmp_path / "web.log")
    again = None
    try:
        with runs.crew(environ, tmp_path, 2):
            wait_for(lambda: 0 < runs.share_done(shop) < 1, "messages go out")
            if fault == "flushed":
                redis.Redis.from_url(own_redis.url).flushall()
            elif fault == "hung":
                own_redis.process.send_signal(signal.SIGSTOP)
            else:
                own_redis.process.kill()
                own_redis.process.wait()
            if fault == "restarted":
                program = find_redis()
                assert program
                again = start_redis(program, tmp_path / "redis")
            with urllib.request.urlopen(f"{web.url}/login", timeout=10) as page:
                assert page.status == 200
            runs.wait_for_the_end(shop, 60)
    finally:
        web.web.end()
        if again:
            again.stop()

    assert check(shop, fake, count=COUNT) == {"accepted": COUNT}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_postgresql_is_restarted_in_the_middle(
    own_postgres: PostgresServer, fake: Fake, environ: dict[str, str], tmp_path: Path
) -> None:
    place = installation(own_postgres.create_database("crm"), tmp_path)
    flask(place, "db", "upgrade")
    environ |= {"DATABASE_URL": place["DATABASE_URL"]}
    shop = Shop.open(create_app(environ, tmp_path / "own"), "shop")
    runs.load(shop, COUNT, text=SLOW)
    with runs.crew(environ, tmp_path, 0) as crew:
        # Longer than the restart takes: an answer that is written later finds its lease gone.
        for _ in range(2):
            crew.start(MESSAGE_LEASE="15")
        wait_for(lambda: 0 < runs.share_done(shop) < 1, "messages go out")
        with shop.inside():
            db.engine.dispose()
        own_postgres.stop("immediate")
        own_postgres.start()
        runs.wait_for_the_end(shop, 90)
        assert crew.no_traceback()

    found = check(shop, fake, count=COUNT)
    assert found["accepted"] + found["unconfirmed"] == COUNT
    assert found["unconfirmed"] <= 2 * Twilio.max_calls, "no more than were in flight"
