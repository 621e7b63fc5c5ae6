"""The drill: a backup is restored into a scratch database by a process of its own, and counted there.

A backup that nobody has restored is a hope.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

import flask_migrate

import config
from crm.backups import installation
from crm.backups.restore import restore
from crm.backups.rules import ArchiveError
from crm.backups.services import verify

LONGEST = 3600
"""Seconds."""


def run_drill(path: Path) -> str:
    """Restore an archive for a trial in another process; return the problem, "" for none."""
    with tempfile.TemporaryDirectory(prefix="crm-drill-") as folder:
        environ = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        environ |= {"SECRET_KEY": secrets.token_hex(32), "LOG_LEVEL": "ERROR"}
        environ |= {"DATABASE_URL": f"sqlite:///{folder}/scratch.db", "STORAGE_URL": Path(folder, "files").as_uri()}
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "backup", "trial", str(path)]
        try:
            done = subprocess.run(
                command, cwd=config.ROOT, env=environ, capture_output=True, text=True, timeout=LONGEST, check=False
            )
            return str(json.loads(done.stdout.splitlines()[-1])["problem"])
        except (subprocess.TimeoutExpired, OSError, ValueError, IndexError) as error:
            return f"The trial did not end: {type(error).__name__}."


def try_here(path: Path) -> str:
    """Restore an archive into this database, which has no table yet; return the problem, "" for none."""
    flask_migrate.upgrade()
    if not installation.has_no_organization():
        return "A trial needs a database of its own."
    try:
        contents, done = verify(path), restore(path)
    except ArchiveError as error:
        return str(error)
    if done.rows != {name: table.rows for name, table in contents.tables.items()}:
        return "Not every row came back."
    if done.files != contents.files.list.rows - contents.files.missing:
        return "Not every file came back."
    return " ".join(done.corrected)
