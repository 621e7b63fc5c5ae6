"""The first hour of an organization: first steps, sample customers, and the product on a phone's home screen."""

__all__ = ["services"]
