"""What the columns of trials hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {"sender_tests": Rows(left_out="trials of a setting", plain="channel gateway status reason")}
