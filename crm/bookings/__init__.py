"""Bookings and the persons they are for."""
