"""What an archive says of itself, for people without this software."""

from __future__ import annotations

README_TEXT = """\
Backup of {organization[name]} ({organization[slug]}).

manifest.json     when it was made, and what is in here, with the number of rows and the SHA-256 of each part
data/*.ndjson     all rows of each table: one JSON object on each line, in UTF-8, by id
people/*.csv      customers, invoices and messages as tables for a spreadsheet
files.ndjson      which row each file belongs to
files/*           receipts and documents, each named by the SHA-256 of its content

Times are in UTC. Amounts are whole numbers of the currency's smallest unit ({organization[currency]}).
Not in here: passwords, sign-ins, tokens, and the secrets of providers. They can't be restored; set them anew.

To restore it: flask --app wsgi backup restore FILE (as a new organization: --slug NAME). Nothing is sent before an
owner resumes sending.
"""

PEOPLE = {
    "customers": (
        *("id", "name", "phone", "email", "address", "city", "province", "postal_code", "notes", "is_active"),
        *("loyalty_points", "tier", "total_orders", "total_spent", "last_order_at", "created_at"),
    ),
    "invoices": ("id", "customer_id", "date", "amount", "currency", "status", "note", "created_at"),
    "messages": ("id", "customer_id", "channel", "body", "send_at", "status", "handed_over_at"),
}
"""The columns of the tables for spreadsheets."""
