"""Activity texts for backups and their restore."""

from __future__ import annotations

from crm.values.language import N_

ACTIVITY: dict[str, str] = {
    "backup.requested": N_("Backup asked for"),
    "backup.ready": N_("Backup made"),
    "backup.failed": N_("Backup failed"),
    "backup.downloaded": N_("Backup downloaded"),
    "backup.drilled": N_("Restore of a backup tried out"),
    "backup.restored": N_("Restored from a backup"),
    "backup.resumed": N_("Sending resumed after a restore"),
}
