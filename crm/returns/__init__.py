"""Mail that came back to the mailboxes of those who send by a mail server of their own."""

__all__ = ["queries", "trial"]
