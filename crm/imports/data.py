"""What the columns of imports hold."""

from __future__ import annotations

from crm.kernel.data import Rows

_MONTH = "kept for a month, with the file; what came of it stands in the customers"

DATA = {
    "imports": Rows(
        left_out=_MONTH,
        copies="file_key",
        plain=(
            "file_key sha256 reason profile profile_label choices signature columns context overwritten verdicts "
            "outcomes undone"
        ),
        personal="table questions",
        free_text="filename headers",
    ),
    "import_rows": Rows(
        left_out=_MONTH,
        plain="code",
        personal="entry reason suggestion repaired before after undo_reason problem",
        free_text="cells",
    ),
}
