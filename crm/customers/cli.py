"""The group of commands for customers, to which features above add theirs."""

from __future__ import annotations

from flask.cli import AppGroup

customers = AppGroup("customers", help="Customers.")
