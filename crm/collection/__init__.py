"""Collection: gathering customers from other records and from other systems."""
