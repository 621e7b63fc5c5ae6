"""The table of how messages move: the code keeps to it, and docs/delivery.md draws it.

`python -m tests.messages.test_states` draws it anew.
"""

from __future__ import annotations

import itertools

import pytest

from crm.messages.models import Message
from crm.messages.rules import BEING_SENT, OPEN, Status
from crm.messages.states import DUE, TRANSITIONS, StatusError, Who
from crm.values import clock
from tests.servers import ROOT

DOCUMENT = ROOT / "docs" / "delivery.md"
BEGIN, END = "<!-- drawn from crm/messages/states.py -->\n", "<!-- end of the drawing -->\n"


def drawing() -> str:
    """Return the worker's way and the provider's answers as a picture, and all of the table."""
    picture = ["```mermaid", "stateDiagram-v2", "  state due {", *(f"    {status}" for status in sorted(DUE)), "  }"]
    for row in TRANSITIONS:
        if row.who in (Who.WORKER, Who.PROVIDER) and not row.on.startswith("reports"):
            starts = ["due"] if row.before == DUE else sorted(row.before)
            for before, after in itertools.product(starts, sorted(row.after)):
                picture.append(f"  {before} --> {after}: {row.who} {row.on}")
    picture.append("```")
    table = ["| who | does what | from | to |", "|---|---|---|---|"]
    for row in TRANSITIONS:
        before, after = ", ".join(sorted(row.before)), ", ".join(sorted(row.after))
        table.append(f"| {row.who} | {row.on} | {before} | {after} |")
    return "\n".join([*picture, "", *table, ""])


def test_the_document_draws_the_table() -> None:
    drawn = DOCUMENT.read_text().partition(BEGIN)[2].partition(END)[0]
    assert drawn == drawing(), "draw it anew: python -m tests.messages.test_states"


def test_a_message_moves_as_the_table_says_and_in_no_other_way() -> None:
    allowed = {(before, after) for row in TRANSITIONS for before in row.before for after in row.after}
    for before, after in itertools.product(Status, Status):
        message = Message(status=before)
        if (before, after) in allowed:
            message.turn(after, clock.utcnow(), "why")
            assert message.status is after
        else:
            with pytest.raises(StatusError):
                message.turn(after, clock.utcnow())
            assert message.status is before


def test_no_status_is_a_dead_end_before_the_message_is_dealt_with() -> None:
    """From each open status one that is not open can be reached by the worker and the provider alone, or by staff."""
    leaves = {
        status: {row.who for row in TRANSITIONS if status in row.before and row.after - {status}} for status in Status
    }
    assert all(leaves[status] for status in OPEN)
    assert all(leaves[status] & {Who.WORKER, Who.PROVIDER} for status in DUE | BEING_SENT | {Status.UNKNOWN})
    reached = {status for row in TRANSITIONS for status in row.after}
    assert reached == set(Status)


def test_nothing_but_a_claim_leads_to_a_call() -> None:
    (claim,) = (row for row in TRANSITIONS if Status.CLAIMED in row.after)
    (submit,) = (row for row in TRANSITIONS if Status.SUBMITTING in row.after)
    assert (claim.who, submit.who, submit.before) == (Who.WORKER, Who.WORKER, {Status.CLAIMED})


if __name__ == "__main__":
    text = DOCUMENT.read_text()
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    DOCUMENT.write_text(f"{head}{BEGIN}{drawing()}{END}{tail}")
