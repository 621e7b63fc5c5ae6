"""Lengths of a person's fields."""

from __future__ import annotations

LIMITS = {
    "name": 200,
    "phone": 60,
    "phone_extension": 7,
    "email": 254,
    "address": 500,
    "city": 100,
    "province": 100,
    "postal_code": 20,
    "passport_number": 40,
    "service_type": 100,
    "source": 40,
    "language": 10,
    "birthday": 10,
    "notes": 5_000,
}
"""Characters."""
