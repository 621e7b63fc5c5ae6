"""What each operation of the API takes, for the tests that try them all."""

from __future__ import annotations

from typing import Any

import pytest

CONTENTS: dict[str, dict[str, Any]] = {
    "api_token.issue": {"json": {"username": "nobody", "password": "three green pears"}},
    "api_token.refresh": {"json": {"refresh": "none"}},
    "api_customers.create": {"json": {"name": "Jane Smith", "phone": "08987654321", "city": "Jakarta"}},
    "api_customers.replace": {"json": {"name": "Jane Smith", "notes": "VIP customer"}},
    "api_customers.change": {"json": {"phone": "08987654321"}},
    "api_customers.restore": {},
    "api_customers.update_points": {"json": {"points": 50, "reason": "Bonus points for birthday"}},
    "api_customers.bulk_update": {"json": {"customer_ids": [1, 2, 3], "action": "deactivate"}},
}


def content_of(endpoint: str) -> dict[str, Any]:
    """Return the options of a request with what the operation takes."""
    if endpoint not in CONTENTS:
        pytest.fail(f"say in tests/api/contents.py what {endpoint} takes", pytrace=False)
    return CONTENTS[endpoint]
