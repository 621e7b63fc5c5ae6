"""The shapes of the JSON API, by resource."""
