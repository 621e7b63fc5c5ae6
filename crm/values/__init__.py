"""Plain values: time, money, phone numbers, text."""
