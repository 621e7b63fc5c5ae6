"""What is known of an area customer, as plain values."""

from __future__ import annotations

from crm.values.language import N_

AREA_LIMIT = 100

TOLD = {
    "name": N_("Name"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "passport_number": N_("Passport number"),
    "area": N_("Area"),
    "branch_id": N_("Branch"),
}
"""Columns whose changes are recorded, with their labels; the others are derived."""
