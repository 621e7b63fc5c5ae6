"""What the columns of templates hold."""

from __future__ import annotations

from crm.kernel.data import Rows, no_ids

DATA = {
    "message_templates": Rows(
        plain="name name_key channel approved_name language purpose category",
        free_text="subject body parameters",
        inside={"parameters": no_ids},
        recomputed="name_key",
    ),
}
