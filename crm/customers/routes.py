"""Pages of customers."""

from __future__ import annotations

from flask import Blueprint

from crm.customers import models  # noqa: F401

bp = Blueprint("customers", __name__)
