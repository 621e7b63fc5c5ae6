"""Takes people in, in a process of its own: `python -m tests.customers.upserting ORGANIZATION FIRST STEP COUNT`.

Of COUNT intakes it takes every STEP-th in, from FIRST on: fifty people, each in twelve spellings.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from crm import create_app
from crm.intake.upsert import upsert
from crm.kernel.tenancy import use_organization
from crm.people.person import Intake
from tests.intake import people

PEOPLE = 50
SPELLINGS = (
    *("+62812{a}{b}", "0812{a}{b}", "62812{a}{b}", "0062812{a}{b}", "0812-{a}-{b}", "0812 {a} {b}"),
    *("+62 812 {a} {b}", "+62 (0)812 {a} {b}", "(0812) {a}.{b}", "\u202a+62812{a}{b}\u202c", "'0812{a}{b}"),
    "0812\u00a0{a}\u00a0{b}",
)


def intake(number: int) -> Intake:
    """Return the intake of that number: one of the people in one of the spellings."""
    person, spelling = number % PEOPLE, SPELLINGS[number // PEOPLE % len(SPELLINGS)]
    name = f"{'ABCDEFGHIJ'[person % 10] * 3}ari {'KLMNP'[person // 10] * 3}ono"
    email = f"Person{person}@Example.com" if number % 3 else ""
    return people.intake(name.upper() if number % 2 else name, spelling.format(a="3456", b=f"7{person:03}"), email)


def main() -> None:
    """Take them in, one transaction each."""
    organization_id, first, step, count = map(int, sys.argv[1:])
    app = create_app(os.environ, Path(tempfile.gettempdir()))
    with app.app_context(), use_organization(organization_id):
        for number in range(first, count, step):
            upsert(intake(number))


if __name__ == "__main__":
    main()
