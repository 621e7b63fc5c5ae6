"""What is known of an area customer, as plain values."""

from __future__ import annotations

AREA_LIMIT = 100

TOLD = {
    "name": "Name",
    "phone": "Phone",
    "email": "E-mail",
    "passport_number": "Passport number",
    "area": "Area",
    "branch_id": "Branch",
}
"""Columns whose changes are recorded, with their labels; the others are derived."""
