"""Pages of messages."""

from crm.messages.routes import messages, opt_outs, recurring, senders, templates, webhooks
from crm.messages.routes.blueprint import bp

__all__ = ["bp", "messages", "opt_outs", "recurring", "senders", "templates", "webhooks"]
