"""Pages of messages."""

from __future__ import annotations

from flask import Blueprint

from crm.messages import models  # noqa: F401

bp = Blueprint("messages", __name__)
