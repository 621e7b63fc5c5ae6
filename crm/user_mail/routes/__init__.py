"""Pages of users' addresses, and of new passwords."""

from crm.user_mail.routes import address, password
from crm.user_mail.routes.blueprint import bp

__all__ = ["address", "bp", "password"]
