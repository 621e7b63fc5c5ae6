"""What each operation of the API takes, for the tests that try them all."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest

from crm.values import clock
from tests.factories import PDF

CONTENTS: dict[str, dict[str, Any]] = {
    "api_token.issue": {"json": {"username": "nobody", "password": "three green pears"}},
    "api_token.refresh": {"json": {"refresh": "none"}},
    "api_customers.create": {"json": {"name": "Jane Smith", "phone": "08987654321", "city": "Jakarta"}},
    "api_customers.replace": {"json": {"name": "Jane Smith", "notes": "VIP customer"}},
    "api_customers.change": {"json": {"phone": "08987654321"}},
    "api_customers.restore": {},
    "api_points.update_points": {"json": {"points": 50, "reason": "Bonus points for birthday"}},
    "api_customers.bulk_update": {"json": {"customer_ids": [1, 2, 3], "action": "deactivate"}},
    "api_collection.add": {"json": {"full_name": "Ali Khan", "phone": "08987654321", "city": "Jakarta"}},
    "api_collection.collect": {"json": {"cutoff_days": 30}},
    "api_webhook.receive": {"json": {"full_name": "Ali Khan"}},
    "api_invoices.create": {"json": {"amount": "150000.00", "date": "2026-01-02", "note": "Cake"}},
    "api_invoices.change": {"json": {"amount": "175000.00", "note": "Two cakes"}},
    "api_invoices.void": {},
    "api_rewards.create": {"json": {"name": "Free coffee", "kind": "free_item", "cost": 100, "voucher_days": 30}},
    "api_rewards.replace": {"json": {"name": "Off", "kind": "amount_off", "value": "5000.00", "cost": 50}},
    "api_rewards.change": {"json": {"stock": 12, "ends_on": "2026-12-31"}},
    "api_rewards.archive": {},
    "api_rewards.restore": {},
    "api_rewards.redeem": {"json": {"reward": 1}},
    "api_rewards.use": {"json": {"code": ""}},  # nobody here knows a code, and a wrong one is not found
    "api_rewards.undo_use": {},
    "api_rewards.cancel": {},
    "api_messages.change": {"json": {"body": "Your cake is waiting"}},
    "api_bookings.create": {"json": {"date": "2026-12-24", "persons": [{"name": "Ali Khan", "phone": "08123456780"}]}},
    "api_bookings.replace": {"json": {"date": "2026-12-25", "persons": [{"name": "Ali Khan", "is_lead": True}]}},
    "api_bookings.change": {"json": {"status": "confirmed"}},
    "api_area_customers.create": {"json": {"name": "Siti Rahma", "phone": "08123456789", "area": "Kemang"}},
    "api_area_customers.replace": {"json": {"name": "Siti Rahma", "area": "Tebet"}},
    "api_area_customers.change": {"json": {"passport_number": "A1234567"}},
    "api_leads.create": {"json": {"name": "Jane Smith", "contact_number": "08987654321", "source": "Instagram"}},
    "api_leads.replace": {"json": {"name": "Jane Smith", "notes": "Wants Bali in May"}},
    "api_leads.change": {"json": {"status": "contacted"}},
    "api_leads.create_follow_up": {"json": {"method": "call", "note": "Bali", "due_at": "2026-12-01T02:00:00Z"}},
    "api_leads.change_follow_up": {"json": {"done": True, "outcome": "Booked"}},
    "api_notes.create": {"json": {"text": "Likes the window seat"}},
    "api_notes.create_of_lead": {"json": {"text": "Calls back on Monday", "kind": "call"}},
    "api_notes.change": {"json": {"text": "Likes the aisle"}},
    "api_leads.create_commitment": {"json": {"amount": "150000.00", "promised_date": "2026-12-01"}},
    "api_leads.change_commitment": {"json": {"state": "kept"}},
    "api_visits.check_in": {"json": {}},
    "api_badges.create": {"json": {"name": "Regular", "metric": "visits", "target": 10}},
    "api_badges.replace": {"json": {"name": "Regular", "metric": "purchase_days", "target": 5}},
    "api_badges.change": {"json": {"name": "Friend of the house"}},
    "api_badges.archive": {},
    "api_badges.restore": {},
    "api_segments.create": {"json": {"name": "Bandung", "query": {"city": "Bandung"}}},
    "api_segments.change": {"json": {"name": "Gold", "query": {"tier": "gold"}}},
    "api_campaigns.create": {"json": {"name": "News", "segment": 1, "channel": "sms", "body": "Hi {name}"}},
    "api_campaigns.change": {"json": {"name": "Newer", "body": "Hello {name}"}},
    "api_campaigns.schedule": {},
    "api_campaigns.pause": {},
    "api_campaigns.resume": {},
    "api_campaigns.stop": {},
    "api_campaigns.retry": {},
    "api_imports.commit": {},
    "api_imports.undo": {},
    "api_branches.create": {"json": {"name": "Bandung"}},
    "api_branches.replace": {"json": {"name": "Bogor"}},
    "api_branches.change": {"json": {"name": "Depok"}},
}


def content_of(endpoint: str) -> dict[str, Any]:
    """Return the options of a request with what the operation takes."""
    if endpoint == "api_invoices.add_receipts":  # a file is read once
        return {"data": {"receipt": (io.BytesIO(PDF), "receipt.pdf")}}
    if endpoint == "api_imports.create":
        return {"data": {"file": (io.BytesIO(b"Name,Phone\nSari,0812345678\n"), "people.csv")}}
    if endpoint == "api_messages.create":
        tomorrow = clock.utcnow() + dt.timedelta(days=1)
        return {"json": {"channel": "sms", "body": "Your cake is ready", "send_at": tomorrow.isoformat()}}
    if endpoint not in CONTENTS:
        pytest.fail(f"say in tests/api/contents.py what {endpoint} takes", pytrace=False)
    return CONTENTS[endpoint]
