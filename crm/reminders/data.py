"""What the columns of reminders hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {"reminder_changes": Rows(left_out="the undo of a moment", plain="action", free_text="undo")}
