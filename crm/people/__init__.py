"""Who is who: names, contact details, and whether two of them are one person."""
