"""What the columns of keywords hold."""

from __future__ import annotations

from crm.kernel.data import Rows

DATA = {"stop_words": Rows(plain="word")}
