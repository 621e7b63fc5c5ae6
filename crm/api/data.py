"""What the columns of remembered answers hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {
    "given_answers": Rows(left_out="about requests that are over", plain="key fingerprint", free_text="body"),
}
