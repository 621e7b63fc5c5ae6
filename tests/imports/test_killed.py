"""A process dies at each commit of a check, an import and an undo, or at any moment; another goes on."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from crm.customers.models import Customer
from crm.imports import services
from crm.imports.commit import IMPORT
from crm.imports.models import Import
from crm.imports.states import ImportState
from crm.kernel.extensions import db
from tests.factories import make_customer
from tests.imports.conftest import HEADERS, Shop, csv_of
from tests.imports.test_undo import contents
from tests.servers import BIN, Process, wait_for

ROWS = [(f"Person Number{at % 2_900}", f"0812{10000000 + at % 2_900}", "", "Bogor") for at in range(3_000)]
POINTS = ["import check uncommitted", "import check committed", "import uncommitted", "import committed"]
SUMS = {"rows": 3_000, "created": 2_899, "updated": 1, "same": 0, "skipped": 100, "review": 0, "failed": 0}
KILLS, MANY_KILLS = 5, 50


@dataclass
class Commands:
    """Processes of their own, which may die."""

    environ: dict[str, str]
    directory: Path

    def start(self, *arguments: str, point: str = "") -> Process:
        command = [str(BIN / "flask"), "--app", "wsgi", *arguments]
        return Process.fork(command, self.directory / "command.log", self.environ | {"CRM_FAIL_POINT": point})

    def die_at(self, point: str, *arguments: str) -> None:
        process = self.start(*arguments, point=point)
        assert process.popen.wait(120) == -signal.SIGKILL, f"{point} was not reached: {process.output}"


@pytest.fixture
def commands(environ: dict[str, str], tmp_path: Path) -> Commands:
    return Commands(environ | {"WORK_LEASE": "1"}, tmp_path)


@pytest.fixture
def before(shop: Shop) -> dict[str, object]:
    """What the shop has before the import: one of its people, without a city."""
    with shop.manager.acting():
        make_customer(name="Person Number7", phone="081210000007")
    return contents(shop)


def go_on(shop: Shop) -> int:
    """Do the rest of an import, and return its id."""
    with shop.manager.acting():
        import_id = db.session.scalars(sa.select(Import.id)).one()
        if services.run_check(import_id).state == ImportState.CHECKED:
            services.commit_import(import_id)
        IMPORT.run(import_id)
        return import_id


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_commit_the_next_one_goes_on(
    shop: Shop, commands: Commands, before: dict[str, object], point: str
) -> None:
    file = commands.directory / "people.csv"
    file.write_bytes(csv_of(ROWS, HEADERS).read())
    commands.die_at(point, "customers", "import", str(file), "--organization", "shop")
    id_ = go_on(shop)
    assert shop.sums(id_) == {"id": id_, **SUMS}
    assert len(shop.customers()) == 2_900

    if "check" not in point:
        commands.die_at(point, "customers", "import-undo", str(id_))
        with shop.manager.acting():
            assert IMPORT.run(id_).undone == {"reversed": 2_900}
        assert contents(shop) == before


def test_killed_at_any_moment(
    shop: Shop, commands: Commands, before: dict[str, object], worker_process: Callable[[dict[str, str]], Process]
) -> None:
    chance = random.Random(seed := random.randrange(1_000_000))
    with shop.manager.acting():
        row = services.create("people.csv", csv_of(ROWS, HEADERS), commits_itself=True)
        id_ = row.id
    for _ in range(KILLS):
        worker = worker_process(commands.environ)
        time.sleep(chance.uniform(0.5, 3))
        worker.kill()
    worker = worker_process(commands.environ)
    wait_for(lambda: state(shop, id_) == "done", f"the import is done ({seed})", 120)
    assert shop.sums(id_) == {"id": id_, **SUMS}, seed
    with shop.manager.acting():
        services.undo(id_)
    time.sleep(chance.uniform(0, 1))
    worker.kill()
    worker_process(commands.environ)
    wait_for(lambda: state(shop, id_) == "undone", f"the import is undone ({seed})", 120)
    assert contents(shop) == before, seed


@pytest.mark.long
def test_killed_at_fifty_moments_of_imports_and_undos(
    shop: Shop, commands: Commands, before: dict[str, object], worker_process: Callable[[dict[str, str]], Process]
) -> None:
    """The same people as in an import that was let alone, and afterwards the shop as it was."""
    chance, killed = random.Random(seed := random.randrange(1_000_000)), 0
    alone = people_of_an_import(shop, commands)
    while killed < MANY_KILLS:
        with shop.manager.acting():
            id_ = services.create("people.csv", csv_of(ROWS, HEADERS), commits_itself=True).id
        killed += _kill_until(shop, id_, "done", lambda: worker_process(commands.environ), chance)
        assert (shop.sums(id_), _people(shop)) == ({"id": id_, **SUMS}, alone), seed
        with shop.manager.acting():
            services.undo(id_)
        killed += _kill_until(shop, id_, "undone", lambda: worker_process(commands.environ), chance)
        assert contents(shop) == before, seed


def people_of_an_import(shop: Shop, commands: Commands) -> list[tuple[object, ...]]:
    """Return whom an import brings that nobody kills, and undo it."""
    file = commands.directory / "people.csv"
    file.write_bytes(csv_of(ROWS, HEADERS).read())
    assert commands.start("customers", "import", str(file), "--organization", "shop").popen.wait(120) == 0
    found = _people(shop)
    with shop.manager.acting():
        id_ = db.session.scalars(sa.select(Import.id)).one()
    assert commands.start("customers", "import-undo", str(id_)).popen.wait(120) == 0
    return found


def _people(shop: Shop) -> list[tuple[object, ...]]:
    """Return what customers have, without ids and times."""
    with shop.manager.acting():
        names = [each.key for each in sa.inspect(Customer).column_attrs if each.key != "id" and each.key[-3:] != "_at"]
        found = db.session.execute(sa.select(*(getattr(Customer, name) for name in names)))
        return sorted(map(tuple, found), key=repr)


def _kill_until(shop: Shop, id_: int, wanted: str, start: Callable[[], Process], chance: random.Random) -> int:
    """Kill workers after a while until one has brought the import to a state; return how many."""
    killed, deadline = 0, time.monotonic() + 300
    while state(shop, id_) != wanted:
        assert time.monotonic() < deadline, f"{wanted} was not reached after {killed} kills"
        worker = start()
        time.sleep(chance.uniform(0.3, 3))
        worker.kill()
        killed += 1
    return killed


def state(shop: Shop, id_: int) -> str:
    with shop.manager.acting():
        return db.session.get_one(Import, id_).state
