"""Demo data."""

from __future__ import annotations

from crm.demo import cli, data
from crm.kernel.manifest import Feature

feature = Feature(
    name="demo",
    data=data.DATA,
    commands=(cli.demo,),
)
