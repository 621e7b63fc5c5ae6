"""Signals about visits, for the features above; sent within the transaction."""

from __future__ import annotations

from blinker import signal

visited = signal("visited")
"""Sent with the customer after a check-in, or an invoice on a day without a visit so far.

`visit` is the check-in or None, `number` how many visit days they have, and `is_further` whether they never had so
many: who gives something for the n-th visit gives it for this.
"""

visit_taken_back = signal("visit-taken-back")
"""Sent with the customer after a check-in was taken back."""
