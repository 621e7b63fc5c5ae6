"""Consent: what customers agreed to, how that changes, and who can be reached for marketing."""

__all__ = ["footers", "reach", "services", "tokens"]
