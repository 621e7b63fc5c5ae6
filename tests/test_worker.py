"""The worker as a real process: killed, frozen, ended, alone, in company, without Redis and without its database."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from rq import Queue

from crm import create_app
from crm.delivery.calls import MAX_CALLS as CALLS
from crm.delivery.deliver import MAX_BATCH as BATCH
from crm.kernel import queue
from crm.kernel.extensions import db
from crm.kernel.health import WorkerBeat, worker_is_running
from crm.messages.models import Attempt, Message
from crm.messages.rules import Status
from crm.programs.redis_server import RedisServer, find_redis, start_redis
from tests.messages.shop import Shop
from tests.postgres import PostgresServer
from tests.product import flask, installation
from tests.servers import Process, wait_for

Start = Callable[[dict[str, str]], Process]
SHORT = {"MESSAGE_LEASE": "1", "MESSAGE_UNCONFIRMED_AFTER": "1"}
DONE = {Status.SENT, Status.UNCONFIRMED}


@pytest.fixture
def shop(app: Flask) -> Shop:
    return Shop.open(app, "shop")


@pytest.fixture
def own_redis(tmp_path: Path) -> RedisServer:
    program = find_redis()
    assert program
    server = start_redis(program, tmp_path / "redis")
    yield server
    server.process.send_signal(signal.SIGCONT)
    server.stop()


def statuses(shop: Shop) -> Counter[str]:
    with shop.inside():
        return Counter(db.session.scalars(sa.select(Message.status)))


def all_are(shop: Shop, *wanted: Status) -> Callable[[], bool]:
    return lambda: set(statuses(shop)) <= {status.value for status in wanted}


def attempts(shop: Shop) -> Counter[int]:
    with shop.inside():
        return Counter(db.session.scalars(sa.select(Attempt.message_id)))


def beats(shop: Shop) -> int:
    with shop.inside():
        return len(db.session.scalars(sa.select(WorkerBeat.id)).all())


def test_a_message_due_while_no_worker_ran_is_sent_after_the_start(
    shop: Shop, environ: dict[str, str], worker_process: Start
) -> None:
    id_ = shop.schedule(shop.customer(), late=60)

    worker = worker_process(environ)

    worker.wait_until(lambda: shop.status(id_) is Status.SENT, "the message is sent")


def test_a_message_is_sent_once_its_time_comes(shop: Shop, environ: dict[str, str], worker_process: Start) -> None:
    worker = worker_process(environ)
    worker.wait_until(lambda: beats(shop), "the worker is at work")

    id_ = shop.schedule(shop.customer(), in_=2)

    worker.wait_until(lambda: shop.status(id_) is Status.SENT, "the message is sent")
    (attempt,), message = shop.attempts(id_), shop.message(id_)
    assert attempt.started_at >= message.send_at


def test_the_worker_beats_and_a_stopped_one_is_seen(shop: Shop, environ: dict[str, str], worker_process: Start) -> None:
    worker = worker_process(environ)
    worker.wait_until(lambda: beats(shop), "the worker is at work")
    with shop.inside():
        assert worker_is_running()

    assert worker.stop() == 0

    with shop.inside():
        assert not worker_is_running()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_what_is_in_flight_finish_and_gives_the_rest_back(
    shop: Shop, environ: dict[str, str], worker_process: Start, number: signal.Signals
) -> None:
    sari = shop.customer()
    ids = [shop.schedule(sari, body=f"[delay 2] {n}", late=60) for n in range(2 * CALLS)]
    worker = worker_process(environ)
    worker.wait_until(lambda: statuses(shop)["submitting"], "messages are being sent")

    start = time.monotonic()
    worker.popen.send_signal(number)

    assert worker.popen.wait(15) == 0
    assert time.monotonic() - start < 10
    found = statuses(shop)
    assert set(found) == {"sent", "scheduled"}, found
    assert attempts(shop).total() == found["sent"]
    assert "left to its lease" not in worker.output
    assert len(ids) == found.total()


def test_a_call_that_hangs_does_not_keep_the_worker_from_ending(
    shop: Shop, environ: dict[str, str], worker_process: Start
) -> None:
    id_ = shop.schedule(shop.customer(), body="[delay 60]", late=60)
    worker = worker_process(environ)
    worker.wait_until(lambda: shop.status(id_) is Status.SUBMITTING, "it is being sent")

    assert worker.stop(timeout=12) == 0

    assert shop.status(id_) is Status.SUBMITTING


def test_two_workers_send_nothing_twice(shop: Shop, environ: dict[str, str], worker_process: Start) -> None:
    sari = shop.customer()
    ids = {shop.schedule(sari, body=f"[delay 0.01] {n}", late=60) for n in range(150)}

    workers = [worker_process(environ), worker_process(environ)]

    workers[0].wait_until(all_are(shop, Status.SENT), "all are sent", timeout=60)
    assert attempts(shop) == dict.fromkeys(ids, 1)


def test_a_worker_killed_at_any_moment_loses_nothing_and_sends_nothing_twice(
    shop: Shop, environ: dict[str, str], worker_process: Start
) -> None:
    sari = shop.customer()
    ids = {shop.schedule(sari, body=f"[delay 0.05] {n}", late=60) for n in range(300)}
    for kills in range(4):
        worker = worker_process(environ | SHORT)
        worker.wait_until(lambda some=16 * kills: statuses(shop)["sent"] > some, "some are sent")
        worker.kill()

    worker = worker_process(environ | SHORT)

    worker.wait_until(all_are(shop, *DONE), "each message has an end", timeout=60)
    found = statuses(shop)
    assert found.total() == len(ids)
    assert found["unconfirmed"] <= 4 * CALLS, "no more than the calls that were in flight"
    assert attempts(shop) == dict.fromkeys(ids, 1)


def test_a_worker_that_slept_past_its_lease_changes_nothing(
    shop: Shop, environ: dict[str, str], worker_process: Start
) -> None:
    sari = shop.customer()
    sleeper = worker_process(environ | SHORT)
    # A process that is frozen within a transaction would keep SQLite from all others; its beat is over by now.
    sleeper.wait_until(lambda: beats(shop), "the worker is at work")
    id_ = shop.schedule(sari, body="[delay 1]", late=60)
    sleeper.wait_until(lambda: shop.status(id_) is Status.SUBMITTING, "it is being sent")
    sleeper.popen.send_signal(signal.SIGSTOP)
    other = worker_process(environ | SHORT)
    other.wait_until(lambda: shop.status(id_) is Status.UNCONFIRMED, "the other worker gave it up")

    sleeper.popen.send_signal(signal.SIGCONT)

    wait_for(lambda: shop.attempts(id_)[0].outcome, "the sleeper tells what its call gave")
    assert "answer after the lease" in sleeper.output
    assert shop.status(id_) is Status.UNCONFIRMED
    assert len(shop.attempts(id_)) == 1


def test_with_redis_a_message_that_is_due_now_goes_through_the_queue(
    shop: Shop, app: Flask, environ: dict[str, str], redis_url: str, worker_process: Start
) -> None:
    app.config["REDIS_URL"] = redis_url
    jobs = queue.open_queue(queue.connect(redis_url))
    ids = [shop.schedule(shop.customer())]
    assert jobs.count == 1

    worker = worker_process(environ | {"REDIS_URL": redis_url})

    worker.wait_until(lambda: jobs.count == 0, "the job is taken")
    ids.append(shop.schedule(shop.customer(name="Budi")))
    worker.wait_until(all_are(shop, Status.SENT), "all are sent")
    assert jobs.failed_job_registry.count == 0
    assert [len(shop.attempts(id_)) for id_ in ids] == [1, 1]
    assert worker.stop() == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_quiet_queue_is_waited_at_without_a_word(
    shop: Shop, environ: dict[str, str], redis_url: str, worker_process: Start
) -> None:
    worker = worker_process(environ | {"REDIS_URL": redis_url})
    worker.wait_until(lambda: beats(shop), "the worker is at work")

    time.sleep(2 * queue.TIMEOUT + 1)

    assert "timeout" not in worker.output.lower()
    assert worker.stop() == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_job_in_pickle_is_not_read_and_the_queue_goes_on(
    shop: Shop, app: Flask, environ: dict[str, str], redis_url: str, worker_process: Start, tmp_path: Path
) -> None:
    app.config["REDIS_URL"] = redis_url
    connection = queue.connect(redis_url)
    foreign = Queue(queue.NAME, connection=connection)
    foreign.enqueue("os.mkdir", str(tmp_path / "made"), job_timeout=10)
    worker = worker_process(environ | {"REDIS_URL": redis_url})

    id_ = shop.schedule(shop.customer())

    worker.wait_until(lambda: foreign.count == 0, "the queue is empty")
    worker.wait_until(lambda: shop.status(id_) is Status.SENT, "the message is sent")
    assert not (tmp_path / "made").exists()
    assert worker.stop() == 0


def test_a_signal_lets_the_job_of_the_queue_finish_too(
    shop: Shop, environ: dict[str, str], redis_url: str, worker_process: Start
) -> None:
    sari = shop.customer()
    ids = [shop.schedule(sari, body=f"[delay 1] {n}", late=60) for n in range(BATCH + CALLS)]
    jobs = queue.open_queue(queue.connect(redis_url))
    jobs.enqueue("crm.delivery.jobs.deliver_organization", shop.id)
    worker = worker_process(environ | {"REDIS_URL": redis_url})
    worker.wait_until(lambda: statuses(shop)["submitting"] > CALLS, "ticker and job are sending")

    assert worker.stop(timeout=10) == 0

    found = statuses(shop)
    assert set(found) == {"sent", "scheduled"}, found
    assert len(ids) == found.total()
    assert "left to its lease" not in worker.output
    assert jobs.failed_job_registry.count == 0


def test_redis_may_die_and_come_back(
    shop: Shop, app: Flask, environ: dict[str, str], own_redis: RedisServer, tmp_path: Path, worker_process: Start
) -> None:
    app.config["REDIS_URL"] = own_redis.url
    worker = worker_process(environ | {"REDIS_URL": own_redis.url})
    worker.wait_until(lambda: beats(shop), "the worker is at work")

    own_redis.process.kill()
    own_redis.process.wait()
    first = shop.schedule(shop.customer())
    worker.wait_until(lambda: shop.status(first) is Status.SENT, "it is sent without Redis")

    program = find_redis()
    assert program
    again = start_redis(program, tmp_path / "redis")
    assert again.url == own_redis.url
    jobs = queue.open_queue(queue.connect(again.url))
    jobs.enqueue("crm.delivery.jobs.deliver_organization", shop.id)
    worker.wait_until(lambda: jobs.count == 0, "the queue is served again")
    assert worker.stop() == 0
    again.stop()


def test_a_redis_that_hangs_holds_up_neither_messages_nor_the_end(
    shop: Shop, app: Flask, environ: dict[str, str], own_redis: RedisServer, worker_process: Start
) -> None:
    app.config["REDIS_URL"] = own_redis.url
    worker = worker_process(environ | {"REDIS_URL": own_redis.url})
    worker.wait_until(lambda: beats(shop), "the worker is at work")

    own_redis.process.send_signal(signal.SIGSTOP)
    ids = [shop.schedule(shop.customer(name)) for name in ("Sari", "Budi", "Ayu")]
    worker.wait_until(all_are(shop, Status.SENT), "all are sent")

    assert len(ids) == 3
    assert worker.stop(timeout=10) == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_worker_outlives_a_crash_of_its_postgresql(
    own_postgres: PostgresServer, tmp_path: Path, database_url: str, worker_process: Start
) -> None:
    environ = installation(own_postgres.create_database("crm"), tmp_path)
    flask(environ, "db", "upgrade")
    shop = Shop.open(create_app(environ, tmp_path / "own"), "shop")
    worker = worker_process(environ)
    worker.wait_until(lambda: beats(shop), "the worker is at work")

    own_postgres.stop("immediate")
    time.sleep(2.5)
    own_postgres.start()
    with shop.inside():
        db.engine.dispose()
    id_ = shop.schedule(shop.customer())

    worker.wait_until(lambda: shop.status(id_) is Status.SENT, "it is sent")
    assert worker.stop() == 0
    assert "Traceback" not in worker.output


def test_counts_are_told_by_command(shop: Shop, app: Flask, environ: dict[str, str]) -> None:
    other = Shop.open(app, "other")
    shop.schedule(shop.customer(), in_=60)
    other.schedule(other.customer(), in_=60)

    one = json.loads(flask(environ, "messages", "counts", "--json", "--organization", "shop"))
    every = json.loads(flask(environ, "messages", "counts", "--json", "--all"))

    assert set(one) == {status.value for status in Status}
    assert (one["scheduled"], every["scheduled"], one["sent"]) == (1, 2, 0)
    with pytest.raises(AssertionError, match="There is no organization nowhere"):
        flask(environ, "messages", "counts", "--organization", "nowhere")
