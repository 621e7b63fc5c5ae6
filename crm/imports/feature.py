"""Customers from files."""

from __future__ import annotations

from crm.imports import data
from crm.imports import models as models
from crm.kernel.manifest import Feature

feature = Feature(name="imports", data=data.DATA)
