"""Demo data."""

from __future__ import annotations

from crm.demo import cli
from crm.kernel.manifest import Feature

feature = Feature(
    name="demo",
    commands=(cli.demo,),
)
