from __future__ import annotations

from flask import Blueprint

bp = Blueprint("user_mail", __name__)
