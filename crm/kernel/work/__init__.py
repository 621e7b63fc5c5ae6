"""Work that happens later: the list of due work, turns of organizations, leases, and long jobs."""
