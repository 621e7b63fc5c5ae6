"""Channels: one module each (SMS, WhatsApp, e-mail), the kinds of address they use, and their registry."""
