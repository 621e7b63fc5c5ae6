"""Consent: what customers agreed to, how that changes, and who can be reached for advertising."""

__all__ = ["footers", "reach", "services", "tokens"]
