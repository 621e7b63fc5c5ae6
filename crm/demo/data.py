"""What the columns of demo data hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {"demo_ranges": Rows(left_out="of rows that this installation made up", plain="kind")}
