"""What is known of an area customer, as plain values."""

from __future__ import annotations

AREA_LIMIT = 100
"""The most characters of an area."""

TOLD = {
    "name": "Name",
    "phone": "Phone",
    "email": "E-mail",
    "passport_number": "Passport number",
    "area": "Area",
    "branch_id": "Branch",
}
"""The columns whose changes events tell, as people call them; the others follow from these."""
