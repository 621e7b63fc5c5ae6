"""The customer's own page: links without passwords, a card with a QR code, and a page with everything."""

__all__ = ["access", "door", "queries", "rules"]
