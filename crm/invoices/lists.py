"""Reads of the list of all invoices: a page, its sums, and the months that it has. All of it is bounded."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from crm.accounts.access import here
from crm.customers.models import Customer
from crm.customers.search import find_ids
from crm.customers.search_text import like_pattern, terms
from crm.invoices.models import Invoice, InvoiceStatus, Receipt, ReceiptState
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.values import money
from crm.values.choices import NO_FILTER, unknown_choice
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import ascii_digits, clean_line
from crm.web.lists import Page, read_page

LATEST = 20_000
"""Invoices that a search and the sums read at most, the latest first; all that an index finds are in the list."""

NO_RECEIPT = "missing"
RECEIPTS = {
    NO_RECEIPT: N_("No receipt"),
    ReceiptState.READY.value: N_("Ready"),
    ReceiptState.CONVERTING.value: N_("Converting"),
    ReceiptState.FAILED.value: N_("Not converted"),
}
NEWEST, OLDEST, LARGEST, SMALLEST = "", "oldest", "largest", "smallest"
SORTS = {NEWEST: N_("Newest"), OLDEST: N_("Oldest"), LARGEST: N_("Largest amount"), SMALLEST: N_("Smallest amount")}

Condition = sa.ColumnElement[bool]


class InvoiceFilter(NamedTuple):
    """A list of invoices by the query of a URL. `branch` is that of the customer; amounts are in the currency now."""

    q: str = ""
    month: str = ""
    branch: int | None = None
    status: str = ""
    receipt: str = ""
    least: int | None = None
    most: int | None = None
    sort: str = ""
    unknown: str = ""
    currency: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> InvoiceFilter:
        """Read the query; an unknown choice matches nothing, and `unknown` says so."""
        month, branch = _given(args.get("month", "")), _given(args.get("branch", ""))
        return cls(
            clean_line(args.get("q", ""))[:200],
            month if _first_day(month) else "",
            _branch(branch),
            _choice(args.get("status", ""), list(InvoiceStatus)),
            _choice(args.get("receipt", ""), RECEIPTS),
            _amount(_given(args.get("amount_from", ""))),
            _amount(_given(args.get("amount_to", ""))),
            _choice(args.get("sort", ""), SORTS),
            _unknown(args),
            _currency(args),
        )

    @property
    def narrowed(self) -> bool:
        chosen = (self.month, self.branch, self.status, self.receipt, self.least, self.most, self.currency)
        return any((*chosen, self.unknown))

    @property
    def reads_latest(self) -> bool:
        """Whether only the latest invoices are read."""
        return bool(self.q or self.branch or self.receipt)

    @property
    def first(self) -> dt.date | None:
        return _first_day(self.month)

    def typed(self, amount: int | None) -> str:
        """Write an amount as its field shows it."""
        organization = here().organization
        return "" if amount is None else money.as_typed(amount, organization.currency, organization.locale)

    def query(self, **changed: Any) -> dict[str, Any]:
        """Return the query of this list, or of one that differs in `changed`."""
        wanted = self._replace(**changed)
        values = wanted._asdict() | {"amount_from": self.typed(wanted.least), "amount_to": self.typed(wanted.most)}
        return {name: value for name, value in values.items() if value and name not in ("least", "most", "unknown")}

    def conditions(self) -> list[Condition]:
        found = self._of_the_row()
        if not self.reads_latest:
            return found
        latest = sa.select(Invoice.id, Invoice.search_text).where(*found)
        read = latest.order_by(Invoice.date.desc(), Invoice.id.desc()).limit(LATEST).subquery()
        if self.q:
            found.append(_about(self.q, read))
        if self.branch or self.receipt:
            found.append(Invoice.id.in_(sa.select(read.c.id)))
        return [*found, *self._of_others()]

    def statement(self) -> sa.Select[Invoice]:
        return sa.select(Invoice).where(*self.conditions()).order_by(*_ORDERS[self.sort])

    def _of_the_row(self) -> list[Condition]:
        """Return the conditions that an index of invoices answers."""
        found: list[Condition] = [sa.false()] if self.unknown else []
        if first := self.first:
            found += [Invoice.date >= first, Invoice.date < _next_month(first)]
        if self.status:
            found.append(Invoice.status == self.status)
        if self.currency:
            found.append(Invoice.currency == self.currency)
        if self.least is not None:
            found.append(Invoice.amount >= self.least)
        if self.most is not None:
            found.append(Invoice.amount <= self.most)
        return found

    def _of_others(self) -> Iterator[Condition]:
        if self.branch:
            theirs = sa.select(Customer.id).where(Customer.id == Invoice.customer_id)
            yield theirs.where(Customer.branch_id == self.branch).correlate(Invoice).exists()
        if self.receipt:
            theirs = sa.select(Receipt.id).where(Receipt.invoice_id == Invoice.id).correlate(Invoice)
            if self.receipt == NO_RECEIPT:
                yield ~theirs.exists()
            else:
                yield theirs.where(Receipt.state == self.receipt).exists()


class Sum(NamedTuple):
    """The sums by currency; as a rule there is one."""

    number: int
    amounts: Mapping[str, int]


class Sums(NamedTuple):
    open: Sum
    void: Sum

    @property
    def number(self) -> int:
        return self.open.number + self.void.number


def page_of(wanted: InvoiceFilter, number: int) -> Page[Invoice]:
    return read_page(wanted.statement().options(*_WHOLE), wanted, number)


def sums_of(wanted: InvoiceFilter) -> Sums | None:
    """Return the sums of a list; None for more than LATEST invoices."""
    rows = sa.select(Invoice.status, Invoice.currency, Invoice.amount).where(*wanted.conditions())
    rows = rows.order_by(Invoice.date.desc(), Invoice.id.desc()).limit(LATEST + 1)
    part = rows.subquery()
    statement = sa.select(part.c.status, part.c.currency, sa.func.count(), sa.func.sum(part.c.amount))
    found = db.session.execute(statement.group_by(part.c.status, part.c.currency)).all()
    sums = Sums(*(_sum([row for row in found if row[0] == status]) for status in InvoiceStatus))
    return sums if sums.number <= LATEST else None


def leaves_out(wanted: InvoiceFilter) -> bool:
    """Whether older invoices than the LATEST may match, too."""
    if not wanted.reads_latest:
        return False
    rows = sa.select(Invoice.id).where(*wanted._replace(q="", branch=None, receipt="").conditions())
    return db.session.scalar(rows.order_by(Invoice.date.desc()).offset(LATEST).limit(1)) is not None


def months() -> list[str]:
    """Return the months from the latest invoice's to the first one's, as 2026-11."""
    first, last = (sa.select(Invoice.date).order_by(by).limit(1).scalar_subquery() for by in _ENDS)
    oldest, newest = db.session.execute(sa.select(first, last)).one()
    if oldest is None:
        return []
    day, found = newest.replace(day=1), []
    while day >= oldest.replace(day=1):
        found.append(f"{day:%Y-%m}")
        day = (day - dt.timedelta(days=1)).replace(day=1)
    return found


def exactly(query: str) -> sa.ColumnElement[bool] | None:
    """Return the condition for the number or the amount that was typed; None for other words."""
    number, amount = _number(query), _amount(query)
    found: list[Condition] = [Invoice.id == number] if number else []
    found += [Invoice.amount == amount] if amount else []
    return sa.or_(*found) if found else None


_WHOLE = (joinedload(Invoice.customer).joinedload(Customer.branch), selectinload(Invoice.receipts))
_ORDERS: dict[str, tuple[Any, ...]] = {
    NEWEST: (Invoice.date.desc(), Invoice.id.desc()),
    OLDEST: (Invoice.date, Invoice.id),
    LARGEST: (Invoice.amount.desc(), Invoice.id.desc()),
    SMALLEST: (Invoice.amount, Invoice.id),
}
_ENDS = Invoice.date, Invoice.date.desc()


def _about(query: str, latest: sa.Subquery) -> Condition:
    """Match the note of the latest, and by customer, number or amount whenever they were."""
    noted = [latest.c.search_text.like(like_pattern(term), escape="\\") for term in terms(query)]
    found: list[Condition] = [Invoice.id.in_(sa.select(latest.c.id).where(*noted))]
    if customers := find_ids(query):
        found.append(one_of(Invoice.customer_id, customers))
    if (exact := exactly(query)) is not None:
        found.append(exact)
    return sa.or_(*found)


def _sum(rows: list[Any]) -> Sum:
    return Sum(sum(row[2] for row in rows), {row[1]: int(row[3]) for row in rows})


def _unknown(args: Mapping[str, str]) -> str:
    month, branch = _given(args.get("month", "")), _given(args.get("branch", ""))
    known: dict[str, Any] = {"status": list(InvoiceStatus), "receipt": RECEIPTS, "sort": SORTS}
    if found := unknown_choice(args, month=[month] if _first_day(month) else [], currency=[_currency(args)], **known):
        return found
    if branch and _branch(branch) is None:
        return _("There is no such branch.")
    amounts = _given(args.get("amount_from", "")), _given(args.get("amount_to", ""))
    wrong = (text for text in amounts if text and _amount(text) is None)
    return next((_("“%(text)s” is not an amount.", text=text) for text in wrong), "")


def _given(text: str) -> str:
    value = clean_line(text)[:40]
    return "" if value in NO_FILTER else value


def _currency(args: Mapping[str, str]) -> str:
    code = _given(args.get("currency", ""))
    return code if re.fullmatch(r"[A-Z]{3}", code) else ""


def _choice(value: str, choices: Collection[str]) -> str:
    return value if value in choices else ""


def _branch(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _number(text: str) -> int | None:
    digits = ascii_digits(text).removeprefix("#").strip()
    return int(digits) if re.fullmatch(r"[0-9]{1,18}", digits) else None


def _amount(text: str) -> int | None:
    """Read an amount; 0 is one, too."""
    if not text:
        return None
    organization = here().organization
    try:
        return money.parse_amount(text, organization.locale, organization.currency)
    except money.MoneyError:
        return 0 if re.fullmatch(r"0+", ascii_digits(text)) else None


def _first_day(month: str) -> dt.date | None:
    """Return None for what is no month since 2000."""
    return dt.date(int(month[:4]), int(month[5:]), 1) if re.fullmatch(r"2[0-9]{3}-(0[1-9]|1[0-2])", month) else None


def _next_month(first: dt.date) -> dt.date:
    return (first + dt.timedelta(days=31)).replace(day=1)
