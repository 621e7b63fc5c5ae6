"""What the tables and columns of a copy are called for its reader; the others stand in its JSON alone."""

from __future__ import annotations

from crm.values.language import N_

TITLES = {
    "customers": N_("Customer"),
    "customer_keys": N_("Further numbers and addresses"),
    "invoices": N_("Invoices"),
    "receipts": N_("Receipts"),
    "bookings": N_("Bookings"),
    "booking_persons": N_("Bookings: as a guest"),
    "leads": N_("Leads"),
    "follow_ups": N_("Follow-ups"),
    "notes": N_("Notes"),
    "messages": N_("Messages to you"),
    "inbound_messages": N_("Messages from you"),
    "message_series": N_("Repeating messages"),
    "points_entries": N_("Points"),
    "area_customers": N_("Area customers"),
}
FIELDS = {
    "name": N_("Name"),
    "phone": N_("Phone"),
    "value": N_("Number or address"),
    "email": N_("E-mail"),
    "address": N_("Address"),
    "city": N_("City"),
    "province": N_("Province"),
    "postal_code": N_("Postal code"),
    "passport_number": N_("Passport number"),
    "birthday": N_("Birthday"),
    "source": N_("Source"),
    "service_type": N_("Service"),
    "number": N_("Number"),
    "date": N_("Date"),
    "amount": N_("Amount"),
    "points": N_("Points"),
    "status": N_("Status"),
    "channel": N_("Channel"),
    "body": N_("Text"),
    "text": N_("Text"),
    "note": N_("Note"),
    "notes": N_("Notes"),
    "outcome": N_("Outcome"),
    "reason": N_("Reason"),
    "filename": N_("File"),
    "area": N_("Area"),
    "send_at": N_("To be sent"),
    "received_at": N_("Received"),
    "created_at": N_("Added"),
}
