"""E-mail from the installation to its users: their address, links by which they prove who they are, and notices."""

__all__ = ["rules", "services", "texts"]
