"""What the columns of backups hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {
    "backups": Rows(left_out="about the archives of this installation", plain="key sha256 reason"),
    "installations": Rows(left_out="of the installation", plain="uid"),
}
