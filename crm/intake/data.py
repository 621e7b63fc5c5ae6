"""What the columns of scans and webhook calls hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {
    "scans": Rows(left_out="about work that is over", plain="source state"),
    "webhook_calls": Rows(left_out="about requests that are over", plain="key fingerprint", free_text="body"),
}
