"""A feature is a folder, its templates and tests, a line in features.py and a migration; nothing else is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from alembic.script import ScriptDirectory

from tests.servers import ROOT

TOY = ROOT / "tests" / "toy"


def test_a_feature_is_a_folder_and_a_line(tmp_path: Path) -> None:
    copy = tmp_path / "product"
    for name in ("crm", "migrations", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "toy"))
    for name in ("config.py", "wsgi.py", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)

    shutil.copytree(TOY / "parcels", copy / "crm" / "parcels")
    shutil.copytree(TOY / "templates", copy / "crm" / "templates" / "parcels")
    shutil.copytree(TOY / "tests", copy / "tests" / "parcels")
    head = ScriptDirectory(str(ROOT / "migrations")).get_current_head()
    migration = (TOY / "migration.py").read_text().replace("THE HEAD", str(head))
    (copy / "migrations" / "versions" / "9999_parcels.py").write_text(migration)
    features = copy / "crm" / "features.py"
    features.write_text(features.read_text().replace('    "home",\n', '    "parcels",\n    "home",\n'))

    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/parcels",
        "tests/test_architecture.py",
    ]
    done = subprocess.run(command, cwd=copy, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
