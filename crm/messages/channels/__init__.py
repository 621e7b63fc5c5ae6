"""Channels: one module each (SMS, WhatsApp), the kinds of address that they reach customers by, and their registry."""
