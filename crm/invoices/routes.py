"""Pages of invoices."""

from __future__ import annotations

from flask import Blueprint

from crm.invoices import models  # noqa: F401

bp = Blueprint("invoices", __name__)
