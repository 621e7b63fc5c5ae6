"""Pages of messages."""

from crm.messages.routes import messages
from crm.messages.routes.blueprint import bp

__all__ = ["bp", "messages"]
