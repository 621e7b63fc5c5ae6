"""Where kept backups lie: BACKUP_URL, a folder or a bucket of its own."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from flask import current_app

from crm.kernel.storage import Storage

EXTENSION = "backups"


def current() -> Storage:
    found = current_app.extensions.get(EXTENSION)
    if found is None:
        url, instance = current_app.config["BACKUP_URL"], Path(current_app.instance_path)
        found = current_app.extensions[EXTENSION] = Storage.from_url(url, instance)
    return cast(Storage, found)
