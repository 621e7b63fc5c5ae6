"""A real PostgreSQL for the tests."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.servers import cannot_run, free_port

SUPERUSER = "postgres"
OWNER = "crm"

PLACE = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{directory}'
"""

# No safety against a machine that loses power: what the tests write is thrown away.
SURE = f"""
{PLACE}
max_connections = 200
fsync = off
full_page_writes = off
"""
"""For a server that crashes: what was committed is there when it starts again."""

SETTINGS = f"""
{SURE}
synchronous_commit = off
"""

# Few rows are sooner deleted than all tables that refer to each other truncated; much that was deleted is truncated
# after all. The setting keeps triggers and foreign keys still.
EMPTY = """
DO $$
DECLARE name regclass; filled boolean; names text[] := '{{}}'; size bigint := 0;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL ('{{{spared}}}');
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', name) INTO filled;
        IF filled THEN names := names || name::text; size := greatest(size, pg_relation_size(name)); END IF;
    END LOOP;
    IF size > 500000 THEN
        EXECUTE 'TRUNCATE ' || array_to_string(names, ', ') || ' RESTART IDENTITY CASCADE';
    ELSE
        FOR i IN 1 .. cardinality(names) LOOP EXECUTE format('DELETE FROM %s', names[i]); END LOOP;
        PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
    END IF;
END $$
"""


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL of our own, on a port of 127.0.0.1, whose databases belong to a role without privileges.

    It stays until `stop()`, also when the process that started it ends.
    """

    directory: Path
    port: int

    @classmethod
    def create(cls, directory: Path, settings: str = SETTINGS) -> PostgresServer:
        """Make a cluster in `directory` and start it."""
        directory.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(directory, SUPERUSER, SUPERUSER)
        server = cls(directory, free_port())
        server._run("initdb", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        with (directory / "data" / "postgresql.conf").open("a") as file:
            file.write(settings.format(directory=directory, port=server.port))
        server.start()
        with server.connect() as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
        return server

    def start(self) -> None:
        """Start the server and return once it takes connections."""
        self._run("pg_ctl", "start", "-w", "-s", "-l", str(self.directory / "log"))

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; `mode` is one of pg_ctl's: `fast`, or `immediate` for a crash."""
        self._run("pg_ctl", "stop", "-w", "-s", "-m", mode)

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """Return an autocommitting connection of the superuser, past row-level security."""
        return psycopg.connect(host="127.0.0.1", port=self.port, user=SUPERUSER, dbname=database, autocommit=True)

    def url(self, database: str) -> str:
        """Return the address of `database` for its owner, an ordinary role."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create the empty database `name`, anew if it was there, and return its address."""
        with self.connect() as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER}')
        return self.url(name)

    def empty(self, name: str, spared: Sequence[int] = ()) -> None:
        """Remove all rows of a migrated database and cut off what is still connected to it, but for some processes."""
        statement = EMPTY.format(spared=",".join(map(str, spared)))
        _superuser(self.port, name).execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        folder = find_postgres()
        if folder is None:
            cannot_run("PostgreSQL", "its programs, initdb and pg_ctl, were not found.")
        command = [str(folder / program), "-D", str(self.directory / "data"), *arguments]
        # It refuses to run as root.
        user: dict[str, Any] = {"user": SUPERUSER, "group": SUPERUSER} if os.geteuid() == 0 else {}
        # A file and not a pipe: the server keeps its output open, and the end of a pipe would never come.
        with tempfile.TemporaryFile() as output:
            done = subprocess.run(command, cwd=self.directory, stdout=output, stderr=output, check=False, **user)
            output.seek(0)
            if done.returncode:
                raise AssertionError(f"{program} ended with {done.returncode}\n{output.read().decode()}")


@functools.cache
def _superuser(port: int, database: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Return the connection that empties a database before each test."""
    return psycopg.connect(host="127.0.0.1", port=port, user=SUPERUSER, dbname=database, autocommit=True)


def find_postgres() -> Path | None:
    """Return the folder of PostgreSQL's server programs, the newest where Debian has several, or None."""
    numbered = [path for path in Path("/usr/lib/postgresql").glob("[0-9]*/bin") if (path / "initdb").exists()]
    if numbered:
        return max(numbered, key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None
