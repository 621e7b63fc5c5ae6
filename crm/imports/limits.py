"""How much a file may be."""

from __future__ import annotations

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 500
MAX_CELL = 32_767
"""Characters, as in a spreadsheet."""
MAX_ZIP_ENTRIES = 2_000
MAX_ZIP_BYTES = 200 * 1024 * 1024
"""What the entries of a ZIP say of their size, together."""
MAX_ZIP_RATIO = 200
MAX_REQUEST = MAX_BYTES + 10 * 1024 * 1024
"""Bytes; a file that is a little too large is still received, so that the answer can say so."""
