"""Area customers: people whom a branch knows by their area."""
