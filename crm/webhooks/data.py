"""What the columns of spent tokens hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {"spent_tokens": Rows(left_out="about requests that are over", plain="token")}
