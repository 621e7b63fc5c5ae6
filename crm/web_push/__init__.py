"""Web push: notices on the phones of customers who allowed them (RFC 8030, 8291, 8292)."""

__all__ = ["queries", "rules", "services"]
