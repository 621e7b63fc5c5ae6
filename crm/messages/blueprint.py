"""The blueprint of the messages' pages."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("messages", __name__)
