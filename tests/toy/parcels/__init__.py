"""Parcels that customers left in the shop."""
